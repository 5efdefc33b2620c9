# expect: {"status": "ENDED_SUCCESS", "output": {"factorial": 120}, "input": {"n": 5}}
def handler(system, this):
    n = this.get('input_value')['n']
    below = 1 if n <= 1 else this.flow('recursion', n=n - 1).get('output_value')['factorial']
    this.save(output_value={'factorial': n * below})
    return this.success()
