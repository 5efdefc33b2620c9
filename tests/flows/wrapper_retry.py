# expect: {"status": "ENDED_SUCCESS", "output": {"output": {"tries": 3}, "wrapper": "retry: child_third_time", "children": ["ENDED_ERROR", "ENDED_ERROR", "ENDED_SUCCESS"]}}
def handler(system, this, inputs):
    system.setting('third time').save(value=0)
    done = this.using('retry', max_tries=3, delay_seconds=0.01).flow('child_third_time')
    children = [child.get('status') for child in done.get_children()]
    return {'output': done.get('output_value'), 'wrapper': done.get('name'), 'children': children}
