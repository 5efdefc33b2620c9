def handler(system, this, inputs):
    # Longer than a call is a call where the client knows tasks.
    this.sleep(3)
    return {'text': 'slowly'}
