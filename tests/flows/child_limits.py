"""Runs into the wall-time limit that its parent gives it."""


def handler(system, this, inputs):
    this.sleep(3600)
