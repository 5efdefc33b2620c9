# expect: {"status": "ENDED_SUCCESS", "output": {"name": "Ada", "size": "large", "sure": true}, "answers": [{"name": "Ada"}, {"size": "large"}, {"sure": true}]}
def handler(system, this):
    steps = [
        ('Who are you?', {'name': {'label': 'Name', 'element': 'string', 'type': 'string', 'order': 1}}),
        ('Which size?', {'size': {'label': 'Size', 'type': 'string', 'enum': ['small', 'large'], 'order': 1}}),
        ('Are you sure?', {'sure': {'label': 'Sure', 'element': 'toggle', 'type': 'boolean', 'order': 1}}),
    ]
    for number, (subject, properties) in enumerate(steps, 1):
        this.save(message=f'step {number} of {len(steps)}')
        asked = this.message(subject=subject, body={'type': 'object', 'properties': properties, 'required': list(properties)})
        for key, value in asked.get('response').items():
            this.set_output(key, value)
    return this.success('the wizard is done')
