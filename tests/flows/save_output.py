# expect: {"status": "ENDED_SUCCESS", "output": {"x": 1}, "columns": {"name": "renamed by itself", "message": "halfway"}}
def handler(system, this, inputs):
    this.save(output_value={'x': 1}, message='halfway', name='renamed by itself')
