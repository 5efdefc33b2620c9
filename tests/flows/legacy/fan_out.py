# expect: {"status": "ENDED_SUCCESS", "output": {"squares": [0, 1, 4, 9, 16, 25, 36, 49]}}
def handler(system, this):
    children = []
    for number in range(8):
        child = this.flow('child_square', name=f'square {number}', inputs={'number': number}, run=False)
        child.run_async()
        children.append(child)
    this.wait_for(*children)
    this.save(output_value={'squares': [child.get('output_value')['square'] for child in children]})
    return this.success('all squares are there')
