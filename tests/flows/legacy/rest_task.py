# expect: {"status": "ENDED_SUCCESS", "output": {"status": 200, "method": "PUT", "body": "number=7"}}
def handler(system, this):
    url = system.setting('far side').get('value')
    answer = this.task('REST', url=f'{url}/echo/orders', method='PUT', data={'number': 7}).get('output_value')
    this.save(output_value={'status': answer['status_code'], 'method': answer['json']['method'], 'body': answer['json']['body']})
    return this.success()
