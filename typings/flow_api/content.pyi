"""Rich results for agents: text, pictures, sound, resources and links to them, beside what a flow gives as data.

>>> return flow_api.content.result('The last week:', flow_api.content.image(png, 'image/png'), orders=12)
"""

from typing import Any

from .file import File

__all__ = ['audio', 'image', 'link', 'resource', 'result', 'text']

def text(text: str) -> dict[str, Any]:
    """A text. ``result`` takes a str in its place, too."""

def image(source: bytes | bytearray | memoryview | File, mime_type: str | None = None) -> dict[str, Any]:
    """A picture: bytes or a FILE, and its media type, such as ``image/png``; a FILE has one of its own.

    Raises ``InvalidInputError`` for anything that is no picture's media type.

    >>> flow_api.content.image(system.file('chart.png'))
    """

def audio(source: bytes | bytearray | memoryview | File, mime_type: str | None = None) -> dict[str, Any]:
    """Sound: bytes or a FILE, and its media type, such as ``audio/wav``; a FILE has one of its own."""

def resource(
    uri: str | File, content: str | bytes | bytearray | memoryview | None = None, mime_type: str | None = None
) -> dict[str, Any]:
    """A resource with its content: its address, and text or bytes. A FILE in place of the address brings both along.

    >>> flow_api.content.resource('report://2026/11', 'All is well.', 'text/plain')
    """

def link(
    target: str | File, name: str | None = None, *, title: str | None = None, description: str | None = None,
    mime_type: str | None = None,
) -> dict[str, Any]:
    """A link to a resource: its address, or a FILE. ``name`` is what it is called, by default the last part of the address."""

def result(*blocks: dict[str, Any] | str, **output: Any) -> dict[str, Any]:
    """What a flow returns: the blocks for agents, and keywords as data, which is what ``output_schema`` is about.

    At most 50 blocks, whose pictures, sounds and files have 8 MiB together; link to a FILE for more. Raises ``InvalidInputError``.
    """
