# expect: {"status": "ENDED_CANCELLED", "output": {"cleaned": true}}
def handler(system, this, inputs):
    try:
        this.cancel()
        this.sleep(3600)
    finally:
        this.set_output('cleaned', True)
