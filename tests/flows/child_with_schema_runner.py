"""Saves a flow that has an input schema, for the scripts that break it."""


def handler(system, this, inputs):
    system.flow(inputs['flow']).save(
        script='def handler(system, this, inputs):\n    return inputs\n',
        input_schema={
            'type': 'object',
            'required': ['name'],
            'properties': {'name': {'type': 'string'}, 'count': {'type': 'integer', 'minimum': 1}},
        },
    )
