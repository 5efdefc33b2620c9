# expect: {"status": "ENDED_SUCCESS", "output": {"all": ["listed a", "listed b", "listed c"], "one": ["listed b"], "last": ["listed c"], "legacy": ["listed a"]}}
def handler(system, this, inputs):
    for letter in 'abc':
        system.setting(f'listed {letter}').save(value=letter)

    def names(listing):
        return [setting.get('name') for setting in listing]

    below = {'field': 'name', 'op': 'like', 'value': 'listed %'}
    one = {'and': [below, {'field': 'name', 'op': 'eq', 'value': 'listed b'}]}
    return {
        'all': names(system.settings(below, order='name')),
        'one': names(system.settings(filter_=one)),
        'last': names(system.settings(below, order='-name', limit=1)),
        'legacy': names(system.settings(filter={'field': 'name', 'op': 'eq', 'value': 'listed a'})),
    }
