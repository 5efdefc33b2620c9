# expect: {"status": "ENDED_SUCCESS", "output": {"user": "admin", "listed": true}}
def handler(system, this, inputs):
    user = system.get_own_user()
    listed = user.get('id') in [other.get('id') for other in system.users()]
    assert isinstance(system.get_env_name(), str)
    return {'user': user.get('name'), 'listed': listed}
