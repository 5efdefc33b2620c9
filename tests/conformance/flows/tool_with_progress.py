def handler(system, this, inputs):
    for done in (0, 50, 100):
        this.set_progress(done, total=100)
        this.sleep(0.05)
    return "done"
