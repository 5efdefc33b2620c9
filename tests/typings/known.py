"""What an editor knows about flow_api: read by pyright alone, never run."""

from collections.abc import Iterator, Sequence
from typing import Any, Literal, assert_type

import flow_api


def records(system: flow_api.System) -> None:
    flow = system.flow('hello')
    assert_type(flow, flow_api.Flow)
    assert_type(flow.get('name'), str)
    assert_type(flow.get('description'), str | None)
    assert_type(flow.get('priority'), int)
    assert_type(flow.get('max_runtime_minutes'), float | None)
    assert_type(flow.get('is_readonly'), bool)
    assert_type(flow.get('on_loss'), Literal['auto', 'resume', 'restart', 'fail'])
    assert_type(flow.load('name'), str)
    name, priority = flow.get('name', 'priority')
    assert_type(flow.get_dict()['has_syntax_error'], bool)
    assert_type(flow.get_dict('name', 'id'), dict[str, Any])
    assert_type(flow.save(script='...', priority=1, description=None), flow_api.Flow)
    assert_type(flow.clone(name=f'{name} {priority}').save(), flow_api.Flow)
    assert_type(flow.exists(), bool)
    assert_type(flow.export(), dict[str, Any])
    assert_type(flow.project(), flow_api.Project | None)
    assert_type(system.flows(), Iterator[flow_api.Flow])
    assert_type(system.files(dir='reports', glob='*.csv'), Iterator[flow_api.File])
    assert_type(system.file('a/b').save_text_content('x').get_bytes_content(), bytes)
    assert_type(system.get_own_user().get('email'), str | None)
    with system.setting('counter') as counter:
        assert_type(counter, flow_api.Setting)
        counter.save(value=counter.get('value') + 1)


def executions(system: flow_api.System, this: flow_api.Execution) -> None:
    child = this.flow('hello', inputs={'name': 'Ada'}, wait=system.return_when.ALL_ENDED, greeting='hi')
    assert_type(child, flow_api.Execution)
    assert_type(child.flow('hello', run=False).run(), flow_api.Execution)
    assert_type(child.root_execution(), flow_api.Execution | None)
    assert_type(this.wait_for(child, [child], return_when=flow_api.ReturnWhen.FIRST_ENDED), list[flow_api.Execution])
    assert_type(this.step('count', len, 'abc', on_loss='fail'), int)
    assert_type(this.now(), str)
    assert_type(this.get_outputs(), dict[str, Any])
    record: flow_api.Record = this
    this.log('done', record.get('id'), level='warning', child=child)
    try:
        child.wait(timeout=1.5)
    except flow_api.DependencyFailedError as failure:
        assert_type(failure.executions, Sequence[flow_api.Execution])
    except flow_api.exceptions.EngineException as error:
        assert_type(error.field, str | None)


def ends(this: flow_api.Execution, happy: bool) -> int:
    if happy:
        return this.success('nothing comes after it')
    this.error('nor after this', hint='so no return is missing', data={'code': 7})
