# expect: {"status": "ENDED_SUCCESS", "input": {"name": "Ada"}, "output": {"greeting": "hello Ada"}}
def handler(system, this):
    inputs = this.get('input_value')
    this.set_output('greeting', f'hello {inputs["name"]}')
    return this.success('all done')
