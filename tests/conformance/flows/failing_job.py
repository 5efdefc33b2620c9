def handler(system, this, inputs):
    this.sleep(2)
    return this.error('This job always fails')
