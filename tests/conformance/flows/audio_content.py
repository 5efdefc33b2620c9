"""A sound without a sample."""

import base64

from flow_api import content

SILENCE = 'UklGRiYAAABXQVZFZm10IBAAAAABAAEAQB8AAAB9AAACABAAZGF0YQIAAAA='


def handler(system, this, inputs):
    return content.result(content.audio(base64.b64decode(SILENCE), 'audio/wav'))
