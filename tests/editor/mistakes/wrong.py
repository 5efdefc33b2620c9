"""Slips that authors make, each marked with a part of what an editor says of it."""

import flow_api


def handler(system: flow_api.System, this: flow_api.Execution, inputs: dict):
    flow = system.flow('greet')
    flow.get('naem')  # expect: Argument of type "Literal['naem']" cannot be assigned to parameter "field"
    flow.save(descripton='x')  # expect: No parameter named "descripton"
    flow.save(priority='high')  # expect: "Literal['high']" is not assignable to "int"
    flow.save(on_loss='resum')  # expect: "Literal['resum']"
    system.seting('x')  # expect: Cannot access attribute "seting" for class "System"
    number: int = flow.get('name')  # expect: "str" is not assignable to "int"
    this.flow()  # expect: Argument missing for parameter "name_or_id"
    this.step('count')  # expect: Argument missing for parameter "function"
    this.sleep('long')  # expect: "Literal['long']" is not assignable to "float"
    this.log('x', level='fatal')  # expect: "Literal['fatal']"
    this.set_progress()  # expect: Argument missing for parameter "done"
    this.flow('greet', wait='SOMETIME')  # expect: "Literal['SOMETIME']"
    this.connect(connector_type='REST', urll='https://example.org')  # expect: No overloads for "connect"
    this.connect(connector_type='REST', url='https://example.org', method='fetch')  # expect: 'fetch'
    this.connect(connector_type='RAST', url='https://example.org')  # expect: "Literal['RAST']"
    this.connect(connector_type='SQLPG', fetch='select 1')  # expect: No overloads for "connect"
    this.connect(connector_type='SQLPG', inputs={'host': 'db'}, fetch=1)  # expect: "Literal[1]" is not assignable to "str"
    this.connect(connector_type='REST', url='https://example.org').get_outputs()['status']  # expect: "status" is not a defined key
    flow.get_dict()['naem']  # expect: "naem" is not a defined key in
    return number


def greet(system: flow_api.System, this: flow_api.Execution, inputs: flow_api.inputs.Greet):
    inputs['nam']  # expect: "nam" is not a defined key in "Greet"
    times: str = inputs['times']  # expect: "int" is not assignable to "str"
    nothing: flow_api.inputs.GreetGiven = {}  # expect: "name" is required in "GreetGiven"
    surplus: flow_api.inputs.GreetGiven = {'name': 'Ada', 'tims': 2}  # expect: "tims" is an undefined item
    wrong: flow_api.inputs.GreetGiven = {'name': 7}  # expect: "Literal[7]" is not assignable to "str"
    this.flow('greet', inputs=[nothing, surplus, wrong])  # expect: is not assignable to "Mapping[str, Any]"
    return times


async def later(system: flow_api.System, this: flow_api.Execution, inputs: dict):
    await this.connect_async(connector_type='REDIS', host='localhost', command=7)  # expect: "Literal[7]" is not assignable to "str"
    login: flow_api.connectors.SqlpgInputs = {'user': 'me'}  # expect: "host" is required
    return login


def absent(inputs: flow_api.inputs.Gret):  # expect: "Gret" is not
    return inputs
