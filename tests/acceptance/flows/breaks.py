def handler(system, this, inputs):
    return this.error("The cupboard is bare", hint="Go to the shop.")
