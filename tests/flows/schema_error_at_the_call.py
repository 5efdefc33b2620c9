# expect: {"status": "ENDED_SUCCESS", "output": {"fine": {"name": "Ada", "count": 1}, "children": 2}}
import flow_api


def handler(system, this, inputs):
    this.flow('child_with_schema_runner', flow='schema at the call')
    try:
        this.flow('schema at the call', count=0)
    except flow_api.SchemaValidationError as error:
        assert '/name' in str(error) and '/count' in str(error.details), error.details
    else:
        raise AssertionError('inputs that break the schema were taken')
    fine = this.flow('schema at the call', inputs={'name': 'Ada', 'count': 1})
    return {'fine': fine.get_outputs(), 'children': len(this.get_children())}
