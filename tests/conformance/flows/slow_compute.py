def handler(system, this, inputs):
    seconds = inputs.get('seconds', 0)
    # A call is a call for a second and a half: what is slow takes longer.
    this.sleep(max(seconds, 2) if seconds else 0)
    return f"{inputs.get('label')} took {seconds} seconds"
