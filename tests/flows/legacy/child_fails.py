def handler(system, this):
    this.sleep(0.05)
    return this.error('the child gave up')
