# expect: {"status": "ENDED_SUCCESS", "output": {"path": "/echo/stored", "agent": "legacy", "other": "/echo/other"}}
def handler(system, this):
    url = system.setting('far side').get('value')
    system.connection('legacy rest').save(
        connector_type='REST', value={'url': f'{url}/echo/stored', 'headers': {'x-agent': 'legacy'}},
    )
    stored = this.connect('legacy rest').get('output_value')['json']
    other = this.connect('legacy rest', url=f'{url}/echo/other').get('output_value')['json']
    this.set_output('path', stored['path'])
    this.set_output('agent', stored['headers']['x-agent'])
    this.set_output('other', other['path'])
    return this.success('connected')
