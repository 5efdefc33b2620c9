# expect: {"status": "ENDED_SUCCESS", "output": ["This execution has no savepoint 'befor'. Did you mean 'before'? this.save_dump makes one.", "by='place' is not known; it is 'name' or 'id'.", "A savepoint has a name, which is not empty.", "A savepoint is made where nothing else of the flow is under way: not inside the function of a step, and not while other tasks await calls.", "has released it since"]}
import flow_api


def handler(system, this, inputs):
    refused = []

    def refuse(call, *args, **kw):
        try:
            call(*args, **kw)
        except flow_api.EngineException as error:
            refused.append(str(error))

    lock = system.setting('savepoint lock').save(value=0)
    this.save_dump('before')
    refuse(this.load_dump, 'befor')
    refuse(this.load_dump, 'before', by='place')
    refuse(this.save_dump, '')
    this.step('inside', lambda: refuse(this.save_dump, 'in a step'))
    with lock:
        this.save_dump('locked')
    refuse(this.load_dump, 'locked')
    refused[-1] = refused[-1][-len('has released it since.'):-1]
    return refused
