# expect: {"status": "ENDED_SUCCESS", "output": {"path": "/echo/first", "type": "REST"}}
def handler(system, this):
    url = system.setting('far side').get('value')
    first = system.connection('legacy first').save(connector_type='REST', value={'url': f'{url}/echo/first'})
    first.clone(name='legacy second').save()
    answer = this.connect('legacy second').get('output_value')
    this.save(output_value={'path': answer['json']['path'], 'type': system.connector('legacy second').get('connector_type')})
    return this.success()
