def handler(system, this, inputs):
    for done in range(1, 4):
        this.set_progress(done, total=3, message=f"{3 - done} left")
        this.sleep(0.2)
    return {"left": 0}
