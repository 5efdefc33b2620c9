# expect: {"status": "ENDED_SUCCESS", "output": {"user": "admin", "client": true, "environment": true}}
def handler(system, this):
    this.save(output_value={
        'user': system.get_own_user().get('name'),
        'client': system.get_own_client().get('name') == system.get_own_workspace().get('name'),
        'environment': isinstance(system.get_env_name(), str),
    })
    return this.success()
