"""A text, a picture and a resource."""

import base64

from flow_api import content

PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGP4z8DwHwAFAAH/iZk9HQAAAABJRU5ErkJggg=='


def handler(system, this, inputs):
    return content.result(
        'Multiple content types test:',
        content.image(base64.b64decode(PIXEL), 'image/png'),
        content.resource('test://mixed-content-resource', '{"test": "data", "value": 123}', 'application/json'),
    )
