# expect: {"status": "ENDED_ERROR", "message_contains": ["KeyError: 'missing'", "direct cause", "LookupError: no such row", "raise LookupError('no such row') from error"]}
def handler(system, this, inputs):
    try:
        {}['missing']
    except KeyError as error:
        raise LookupError('no such row') from error
