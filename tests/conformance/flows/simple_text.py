def handler(system, this, inputs):
    return "This is a simple text response for testing."
