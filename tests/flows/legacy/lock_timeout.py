# expect: {"status": "ENDED_SUCCESS", "output": {"waited": true, "got": true}}
import flow_api

HOLDER = '''
def handler(system, this):
    system.setting('legacy door').acquire()
    while not system.setting('legacy door open').get('value'):
        this.sleep(0.05)
    system.setting('legacy door').release()
    return this.success()
'''


def handler(system, this):
    system.setting('legacy door').save(value='closed')
    system.setting('legacy door open').save(value=False)
    holder = this.script(HOLDER, wait=False)
    try:
        while True:
            # The holder may not have begun.
            system.setting('legacy door').acquire(timeout=0.05)
            system.setting('legacy door').release()
            this.sleep(0.02)
    except flow_api.LockTimeoutError:
        this.set_output('waited', True)
    system.setting('legacy door open').save(value=True)
    system.setting('legacy door').acquire()
    this.set_output('got', True)
    system.setting('legacy door').release()
    holder.wait()
    return this.success()
