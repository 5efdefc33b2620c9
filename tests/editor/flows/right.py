"""A flow as authors write them: nothing in it is wrong, and nothing may be marked."""

import datetime

import flow_api


def handler(system: flow_api.System, this: flow_api.Execution, inputs: dict):
    flow = system.flow('greet')
    name, priority = flow.get('name', 'priority')
    this.log('begins', name=name, priority=priority, level='info')
    limit: float | None = flow.get('max_runtime_minutes')
    flow.save(description=f'at most {limit}', priority=2, max_runtime_minutes=limit)
    with system.setting('counter') as counter:
        counter.save(value=(counter.get('value') or 0) + 1)
    child = this.flow('greet', name='Ada', wait=system.return_when.ALL_ENDED)
    many = [this.flow('greet', inputs={'name': text}, run=False).run_async() for text in ('a', 'b')]
    done = this.wait_for(*many, return_when=flow_api.ReturnWhen.FIRST_ENDED, timeout=60)
    for other in system.flows({'field': 'name', 'op': 'like', 'value': 'import%'}, order='-modified_at', limit=10):
        this.log(other.get_dict('name', 'id'))
    this.sleep_until(datetime.datetime.now() + datetime.timedelta(seconds=1))
    answer = this.step('count', len, ['a', 'b'])
    try:
        this.connect('editor connector', path='/status', connect_timeout=3)
    except flow_api.DependencyFailedError as error:
        this.log([failed.get('status') for failed in error.executions])
    answered = this.connect(connector_type='REST', url='https://example.org', params={'a': 1}, retry_backoff={'initial': 0.5})
    status: int = answered.get_outputs()['status_code']
    database: flow_api.connectors.SqlpgSomeInputs = {'host': 'db', 'user': 'me', 'password': 'secret(db)'}
    rows = this.connect(connector_type='SQLPG', inputs=database, fetch='select $1', args=[status], name='rows', run=False)
    this.connect(connector_type='REST', inputs=inputs)
    this.connect(connector_type=str(inputs['type']), inputs=inputs)
    this.log(rows.run_async().wait().get_outputs()['result'], rows.get('status'))
    this.set_output('children', [child.get_outputs(), len(done), answer])
    return this.success('done')


def greet(system: flow_api.System, this: flow_api.Execution, inputs: flow_api.inputs.Greet) -> dict[str, str]:
    given: flow_api.inputs.GreetGiven = {'name': inputs['name']}
    given['day'] = inputs['day'] or '2026-11-21'
    this.flow('greet', inputs=given)
    return {'greeting': ', '.join([inputs['name']] * inputs['times'])}


async def later(system: flow_api.System, this: flow_api.Execution, inputs: dict) -> dict[str, int]:
    await this.sleep_async(1)
    found = await this.connect_async(connector_type='REDIS', host='cache', command='GET', args=['a'])
    this.log(found.get_outputs()['result'])
    return {'size': system.file('a/b').save_text_content('x').get('content_size_bytes')}
