def handler(system, this, inputs):
    setting = system.setting(inputs.get('setting', 'third time'))
    tries = setting.get('value') + 1
    setting.save(value=tries)
    if tries < 3:
        return this.error(f'try {tries}')
    return {'tries': tries}
