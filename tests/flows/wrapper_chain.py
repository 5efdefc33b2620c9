# expect: {"status": "ENDED_SUCCESS", "output": {"first": {"tries": 3}, "again": {"tries": 3}, "count": 3, "script": 4}}
def handler(system, this, inputs):
    system.setting('chained').save(value=0)
    both = this.using('cache', max_age_minutes=5).using('retry', delay_seconds=0.01)
    first = both.flow('child_third_time', setting='chained').get('output_value')
    again = both.flow('child_third_time', setting='chained').get('output_value')
    script = this.using('retry').script("def handler(system, this, inputs): return inputs['n'] + 1", n=3).get('output_value')
    return {'first': first, 'again': again, 'count': system.setting('chained').get('value'), 'script': script}
