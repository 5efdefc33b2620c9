import os


def handler(system, this, inputs):
    this.sleep(2)
    # No error of the tool: there is nobody left to report one.
    os.abort()
