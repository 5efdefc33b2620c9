# expect: {"status": "ENDED_SUCCESS", "output": {"tries": [1, 2, 3], "draw": true, "kept": {"early": 1}}, "logs_contain": ["first", "try 1", "went back to the savepoint 'before', after call", "try 2", "try 3"]}
def handler(system, this, inputs):
    tries = system.setting('savepoint tries').save(value=[])
    this.log('first')
    draw = this.random()
    this.set_output('early', 1)
    again = this.save_dump('before')
    this.log(f'try {again + 1}')
    # Settings stay as they are.
    tries.save(value=tries.get('value') + [again + 1])
    kept = this.get_outputs()
    this.set_output('late', 2)
    if again < 2:
        this.step('remember', lambda: draw)
        system.setting('savepoint draw').save(value=draw)
        this.load_dump('before')
    same = draw == system.setting('savepoint draw').get('value')
    return {'tries': tries.get('value'), 'draw': same, 'kept': kept}
