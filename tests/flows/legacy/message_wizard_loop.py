# expect: {"status": "ENDED_SUCCESS", "output": {"items": ["bread", "milk"]}, "answers": [{"item": "bread", "more": true}, {"item": "milk", "more": false}]}
def handler(system, this):
    items = []
    more = True
    while more:
        message = system.message(
            subject=f'Item {len(items) + 1}',
            message='**What** is to be bought?',
            body={
                'type': 'object',
                'properties': {
                    'item': {'type': 'string', 'label': 'Item', 'order': 1},
                    'more': {'type': 'boolean', 'label': 'One more?', 'order': 2, 'default': False},
                },
                'required': ['item'],
            },
        )
        response = message.wait().get('response')
        items.append(response['item'])
        more = response['more']
    this.save(output_value={'items': items})
    return this.success(f'{len(items)} items')
