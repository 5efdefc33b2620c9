# expect: {"status": "ENDED_SUCCESS", "output": {"good": {"n": 1}, "input": true, "output": true}}
import flow_api

NUMBER = {'type': 'object', 'properties': {'n': {'type': 'integer'}}, 'required': ['n']}


def handler(system, this, inputs):
    out = {}
    echo = "def handler(system, this, inputs): return inputs"
    out['good'] = this.using('validate', input_schema=NUMBER, output_schema=NUMBER).script(echo, n=1).get('output_value')
    for which in ('input', 'output'):
        try:
            this.using('validate', **{f'{which}_schema': NUMBER}).script(echo, n='one')
        except flow_api.DependencyFailedError as error:
            out[which] = f'The {which} does not keep its schema' in str(error)
    return out
