def handler(system, this, inputs):
    for message in ("Tool execution started", "Tool processing data", "Tool execution completed"):
        this.log(message)
        this.sleep(0.05)
    return "logged"
