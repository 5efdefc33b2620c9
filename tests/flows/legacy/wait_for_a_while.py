# expect: {"status": "ENDED_SUCCESS", "output": {"late": true, "square": 4}}
import flow_api

SLOW = '''
def handler(system, this):
    while not system.setting('legacy go').get('value'):
        this.sleep(0.05)
    return this.success()
'''


def handler(system, this):
    system.setting('legacy go').save(value=False)
    slow = this.script(SLOW, name='slow', wait=False)
    try:
        slow.wait(timeout=0.1)
    except flow_api.DependencyTimeoutError:
        this.set_output('late', True)
    system.setting('legacy go').save(value=True)
    slow.wait()
    this.set_output('square', this.flow('child_square', number=2, wait=system.return_when.ALL_ENDED).get('output_value')['square'])
    return this.success()
