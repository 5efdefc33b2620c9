# expect: {"status": "ENDED_SUCCESS", "output": {"loaded": [1, "legacy alias"], "archived": false}}
import flow_api


def handler(system, this):
    setting = system.setting('legacy alias').save(value=1)
    loaded = setting.load('value', 'name')
    setting.archive()
    assert flow_api.CloudomationException is flow_api.EngineException
    assert system.get_own_client().get('id') == system.get_own_workspace().get('id')
    this.set_output('loaded', loaded)
    this.set_output('archived', system.setting('legacy alias').exists())
    return this.success('all done')
