# expect: {"status": "ENDED_SUCCESS", "output": {"a": 25, "b": 25}}
import threading


def handler(system, this, inputs):
    def work(name):
        for n in range(25):
            system.setting(f'threads {name}').save(value=n + 1)
            this.log(f'{name} {n}')

    workers = [threading.Thread(target=work, args=(name,)) for name in 'ab']
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return {name: system.setting(f'threads {name}').get('value') for name in 'ab'}
