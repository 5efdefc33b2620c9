# expect: {"status": "ENDED_SUCCESS", "output": {"tries": 3}}
def handler(system, this):
    counter = system.setting('legacy tries')
    counter.save(value=0)
    this.save_dump('before the work')
    tries = counter.get('value') + 1
    counter.save(value=tries)
    if tries < 3:
        this.load_dump('before the work')
    this.save(output_value={'tries': tries})
    return this.success()
