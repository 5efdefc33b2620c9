# expect: {"status": "ENDED_SUCCESS", "output": {"runs": 3, "count": 3}, "input": {"interval": 0.2, "max_iterations": 3}}
def handler(system, this):
    """Starts a flow again and again, each time after a pause, as schedulers did before there were schedules."""
    inputs = this.get('input_value')
    system.setting('legacy recurring').save(value=0)
    system.setting('legacy recurring lock').save(value=None)
    iteration = 0
    children = []
    while iteration < inputs['max_iterations']:
        this.save(message=f'iteration {iteration + 1}/{inputs["max_iterations"]}')
        children.append(this.flow('child_counts', inputs={'setting': 'legacy recurring'}, wait=False))
        iteration += 1
        this.save(message='sleeping')
        this.sleep(inputs['interval'])
    this.wait_for(*children)
    this.save(output_value={'runs': iteration, 'count': system.setting('legacy recurring').get('value')})
    return this.success()
