"""A resource with its text."""

from flow_api import content


def handler(system, this, inputs):
    return content.result(content.resource('test://embedded-resource', 'This is an embedded resource content.', 'text/plain'))
