"""A picture of one pixel."""

import base64

from flow_api import content

PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGP4z8DwHwAFAAH/iZk9HQAAAABJRU5ErkJggg=='


def handler(system, this, inputs):
    return content.result(content.image(base64.b64decode(PIXEL), 'image/png'))
