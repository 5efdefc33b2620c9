def handler(system, this, inputs):
    return this.error("This tool intentionally returns an error for testing")
