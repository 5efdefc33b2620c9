def titled(*choices):
    return [{'const': value, 'title': title} for value, title in choices]


FORM = {
    'type': 'object',
    'properties': {
        'untitledSingle': {'type': 'string', 'enum': ['option1', 'option2', 'option3']},
        'titledSingle': {
            'type': 'string',
            'oneOf': titled(('value1', 'First Option'), ('value2', 'Second Option'), ('value3', 'Third Option')),
        },
        'legacyEnum': {
            'type': 'string',
            'enum': ['opt1', 'opt2', 'opt3'],
            'enumNames': ['Option One', 'Option Two', 'Option Three'],
        },
        'untitledMulti': {'type': 'array', 'items': {'type': 'string', 'enum': ['option1', 'option2', 'option3']}},
        'titledMulti': {
            'type': 'array',
            'items': {'anyOf': titled(('value1', 'First Choice'), ('value2', 'Second Choice'), ('value3', 'Third Choice'))},
        },
    },
}


def handler(system, this, inputs):
    asked = this.message('Please choose.', body=FORM)
    return f"Elicitation completed: action=accept, content={asked.get('response')}"
