# expect: {"status": "ENDED_ERROR", "message_contains": ["An import of the script failed", "no_such_module_here"]}
import no_such_module_here


def handler(system, this, inputs):
    return no_such_module_here.value
