# expect: {"status": "ENDED_SUCCESS", "output": {"refused": ["/body/type", "/request", "ResourceNotFoundError", "InvalidInputError"]}}
import flow_api


def handler(system, this, inputs):
    refused = []
    for ask in (
        lambda: this.message('Wrong', body={'type': 'string'}),
        lambda: this.message('Wrong', body={}, request='?'),
    ):
        try:
            ask()
        except flow_api.InvalidInputError as error:
            refused.append(error.field)
    for message in (system.message('00000000-0000-7000-8000-000000000000'), flow_api.Message()):
        try:
            message.wait()
        except flow_api.EngineException as error:
            refused.append(type(error).__name__)
    assert this.get_messages() == []
    return {'refused': refused}
