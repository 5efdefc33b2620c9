import flow_api


def handler(system: flow_api.System, this: flow_api.Execution):
    setting = this.get('input_value')['setting']
    lock = system.setting(f'{setting} lock')
    lock.acquire()
    counter = system.setting(setting)
    count = counter.get('value')
    this.sleep(0.01)
    counter.save(value=count + 1)
    lock.release()
    return this.success(f'counted to {count + 1}')
