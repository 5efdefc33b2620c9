# expect: {"status": "ENDED_SUCCESS", "output": {"sum": 6}, "webhook": {"path": "", "json": {"numbers": [1, 2, 3]}, "status": 200, "contains": ["{\"sum\":6}"]}}
def handler(system, this):
    numbers = this.get('input_value')['json']['numbers']
    this.set_output('sum', sum(numbers))
    return this.success()
