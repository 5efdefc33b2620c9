# expect: {"status": "ENDED_SUCCESS"}
import flow_api


def handler(system, this, inputs):
    names = ['ALL_SUCCEEDED', 'ALL_ENDED', 'FIRST_ENDED', 'FIRST_SUCCEEDED']
    assert sorted(member.name for member in flow_api.ReturnWhen) == sorted(names)
    for name in names:
        assert getattr(system.return_when, name) is getattr(flow_api.ReturnWhen, name)
    try:
        this.flow('child_echo', wait='SOMETIME')
    except flow_api.InvalidInputError as error:
        assert 'FIRST_ENDED' in str(error), error
    else:
        raise AssertionError('an unknown way to wait was taken')
