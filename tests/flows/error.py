# expect: {"status": "ENDED_ERROR", "message_contains": "no such customer", "message_lacks": "Traceback", "columns": {"status_hint": "create it first", "status_data": {"customer": 7}}}
def handler(system, this, inputs):
    return this.error('no such customer', hint='create it first', data={'customer': 7})
