"""What a flow answers the caller of its webhook: checked here, sent by the server."""

import base64

from .exceptions import InvalidInputError

__all__ = ['html_reply', 'reply']

_NAME = frozenset("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")


def reply(body, status, headers):
    """An answer with any body."""
    answer = {'status': _status(status), 'headers': _headers(headers)}
    if body is None:
        return {**answer, 'kind': 'empty'}
    if isinstance(body, (bytes, bytearray, memoryview)):
        return {**answer, 'kind': 'base64', 'body': base64.b64encode(bytes(body)).decode('ascii')}
    if isinstance(body, str):
        return {**answer, 'kind': 'text', 'body': body}
    return {**answer, 'kind': 'json', 'body': body}


def html_reply(html, status, headers):
    """An answer that is a page."""
    if not isinstance(html, str):
        raise InvalidInputError(f'webhook_html_response() takes a text, not a value of type {type(html).__name__}.')
    return {'status': _status(status), 'headers': _headers(headers), 'kind': 'html', 'body': html}


def _status(status):
    if isinstance(status, bool) or not isinstance(status, int) or not 200 <= status <= 599:
        raise InvalidInputError(f'The status of an answer is a number from 200 to 599, not {status!r}.')
    return int(status)


def _headers(headers):
    if headers is None:
        return {}
    if not isinstance(headers, dict):
        raise InvalidInputError(f'headers= takes a dict, not a value of type {type(headers).__name__}.')
    for name, value in headers.items():
        if not isinstance(name, str) or not name or not _NAME.issuperset(name):
            raise InvalidInputError(f'{name!r} is no name of a header.')
        if not isinstance(value, str) or not value.isascii() or not value.replace('\t', ' ').isprintable():
            raise InvalidInputError(f'The header {name} must have a text of plain ASCII characters, not {value!r}.')
    return headers
