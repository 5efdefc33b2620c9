def handler(system, this):
    number = this.get('input_value')['number']
    this.sleep(0.05 * (number % 3))
    this.save(output_value={'square': number * number})
    return this.success()
