"""Rich results for agents: text, pictures, sound, resources and links to them, beside what a flow gives as data."""

import base64
import re
from urllib.parse import quote

from .exceptions import InvalidInputError

__all__ = ['audio', 'image', 'link', 'resource', 'result', 'text']

# Of one result.
_MOST_BLOCKS = 50
_MOST_BYTES = 8 << 20
_MIME = re.compile(r'[a-z]+/[A-Za-z0-9!#$&^_.+-]+\Z')


def text(text):
    """A text."""
    if not isinstance(text, str):
        raise InvalidInputError(f'text() takes a str, not a value of type {type(text).__name__}.')
    return {'type': 'text', 'text': text}


def image(source, mime_type=None):
    """A picture: bytes or a FILE, and its media type, such as ``image/png``."""
    return _medium('image', source, mime_type)


def audio(source, mime_type=None):
    """Sound: bytes or a FILE, and its media type, such as ``audio/wav``."""
    return _medium('audio', source, mime_type)


def resource(uri, content=None, mime_type=None):
    """A resource with its content: its address, and text or bytes. A FILE in place of the address brings both along."""
    if _is_file(uri):
        content, mime_type, uri = uri.get_bytes_content(), mime_type or uri.get('content_type'), _address(uri)
    held = {'uri': _uri(uri)}
    if mime_type is not None:
        held['mimeType'] = _mime(mime_type)
    if isinstance(content, str):
        held['text'] = content
    else:
        held['blob'] = _base64('resource', content)
    return {'type': 'resource', 'resource': held}


def link(target, name=None, *, title=None, description=None, mime_type=None):
    """A link to a resource: its address, or a FILE. ``name`` is what it is called."""
    if _is_file(target):
        name, mime_type, target = name or target.get('name'), mime_type or target.get('content_type'), _address(target)
    block = {'type': 'resource_link', 'uri': _uri(target), 'name': name or target.rstrip('/').rsplit('/', 1)[-1] or target}
    given = {'title': title, 'description': description, 'mimeType': None if mime_type is None else _mime(mime_type)}
    return {**block, **{key: value for key, value in given.items() if value is not None}}


def result(*blocks, **output):
    """What a flow returns: the blocks for agents, and keywords as data, which is what ``output_schema`` is about."""
    if len(blocks) > _MOST_BLOCKS:
        raise InvalidInputError(f'A result has {_MOST_BLOCKS} blocks at most, not {len(blocks)}.')
    checked, size = [], 0
    for number, block in enumerate(blocks):
        block = text(block) if isinstance(block, str) else block
        if not isinstance(block, dict) or 'type' not in block:
            raise InvalidInputError(f'Block {number} of the result is of type {type(block).__name__}; make it with flow_api.content.')
        held = block.get('data') or block.get('resource', {}).get('blob') or ''
        size += len(held) * 3 // 4
        checked.append(block)
    if size > _MOST_BYTES:
        raise InvalidInputError(f'The pictures, sounds and files of a result may have {_MOST_BYTES} bytes together, not {size}; link to a FILE.')
    return {'mcp_content': checked, **output}


def _medium(kind, source, mime_type):
    if _is_file(source):
        mime_type, source = mime_type or source.get('content_type'), source.get_bytes_content()
    if mime_type is None:
        raise InvalidInputError(f'{kind}() needs a media type, such as {"image/png" if kind == "image" else "audio/wav"}.')
    if not _mime(mime_type).startswith(f'{kind}/'):
        raise InvalidInputError(f'{kind}() takes media types that begin with {kind}/, not {mime_type!r}.')
    return {'type': kind, 'data': _base64(kind, source), 'mimeType': mime_type}


def _is_file(value):
    from ._record import File

    return isinstance(value, File)


def _address(file):
    return 'file://' + quote(file.get('name'))


def _uri(uri):
    if not isinstance(uri, str) or not re.match(r'[A-Za-z][A-Za-z0-9+.-]*:.', uri) or re.search(r'\s', uri):
        raise InvalidInputError(f'{uri!r} is no address of a resource; it has a scheme, such as https://example.org/a.')
    return uri


def _mime(mime_type):
    if not isinstance(mime_type, str) or not _MIME.match(mime_type):
        raise InvalidInputError(f'{mime_type!r} is no media type; one is written like image/png.')
    return mime_type


def _base64(kind, content):
    if not isinstance(content, (bytes, bytearray, memoryview)):
        raise InvalidInputError(f'{kind}() takes bytes or a FILE, not a value of type {type(content).__name__}.')
    return base64.b64encode(content).decode()
