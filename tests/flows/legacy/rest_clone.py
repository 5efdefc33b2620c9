# expect: {"status": "ENDED_SUCCESS", "output": {"paths": ["/echo/0", "/echo/1", "/echo/2"]}}
def handler(system, this):
    url = system.setting('far side').get('value')
    template = this.connect(connector_type='REST', url=f'{url}/echo/template', run=False)
    copies = []
    for number in range(3):
        copy = template.clone(name=f'request {number}', url=f'{url}/echo/{number}')
        copies.append(copy.run_async())
    this.wait_for(*copies)
    this.save(output_value={'paths': [copy.get('output_value')['json']['path'] for copy in copies]})
    template.cancel()
    return this.success()
