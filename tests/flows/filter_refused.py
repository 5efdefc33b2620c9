# expect: {"status": "ENDED_SUCCESS"}
import flow_api


def handler(system, this, inputs):
    for wrong in ({'field': 'nme', 'op': 'eq', 'value': 1}, {'field': 'name', 'op': 'equals', 'value': 1}, {'either': []}):
        try:
            list(system.settings(wrong))
        except flow_api.InvalidInputError:
            continue
        raise AssertionError(f'the filter {wrong} was taken')
