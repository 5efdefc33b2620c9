# expect: {"status": "ENDED_SUCCESS", "output": {"greeting": "Hello Ada"}, "message": "all done", "logs": ["started", "Ada"], "input": {"name": "Ada"}}
import flow_api


def handler(system: flow_api.System, this: flow_api.Execution):
    this.log('started')
    name = this.get('input_value').get('name', 'nobody')
    this.log(name=name)
    this.set_output('greeting', f'Hello {name}')
    return this.success('all done')
