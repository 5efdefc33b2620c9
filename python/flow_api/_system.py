"""System: an accessor and a listing for every record type."""

from fnmatch import fnmatchcase
from uuid import UUID

import _flow_api

from ._message import columns_of
from .exceptions import InvalidInputError
from .return_when import ReturnWhen

__all__ = ['System', 'add_types']


class System(_flow_api.System):
    """What a flow can reach: ``system.setting('x')``, ``system.flows()``, who runs it and where."""

    __slots__ = ()
    return_when = ReturnWhen

    def files(self, filter_=None, order=None, limit=None, *, dir=None, glob=None, filter=None):
        """Handles of files; ``dir`` keeps those below a folder, ``glob`` those whose name matches a pattern."""
        query = _query(filter_, order, limit, filter)
        if dir is None and glob is None:
            return self._list('file', query)
        folder = '' if dir is None else dir.strip('/') + '/'
        if folder not in ('', '/'):
            below = {'field': 'name', 'op': 'like', 'value': folder + '%'}
            query['filter_'] = below if query['filter_'] is None else {'and': [query['filter_'], below]}
        query['limit'] = None

        def keep(name):
            name = name or ''
            return name.startswith(folder if folder != '/' else '') and (glob is None or fnmatchcase(name, glob))

        return self._list('file', query, keep, limit)

    def message(self, subject=None, message=None, request=None, body=None, message_type=None, *, by=None, **columns):
        """Creates a message and returns its handle; with the id of one, only that."""
        if by == 'id' or _is_id(subject):
            return _classes['message'](subject, 'id')
        return _classes['message']().save(**columns_of(subject, message, request, body, message_type, columns))


System.__module__ = 'flow_api'

# The class of each record type, by its singular.
_classes = {}


def _is_id(value):
    try:
        return UUID(str(value)) is not None
    except ValueError:
        return False



def _query(filter_, order, limit, older):
    if filter_ is not None and older is not None:
        raise InvalidInputError('Give filter_ or filter, which mean the same, not both.')
    return {'filter_': older if filter_ is None else filter_, 'order': order, 'limit': limit}


def add_types(system, types, classes):
    """Gives the class its accessors and listings."""
    _classes.update(classes)
    for singular, plural, name, _, is_named, _, _ in types:
        if singular not in vars(system):
            setattr(system, singular, _accessor(singular, name, classes[singular], is_named))
        if plural not in vars(system):
            setattr(system, plural, _listing(singular, plural))
    # The older names.
    system.connection = system.connector
    system.connections = system.connectors


def _accessor(singular, name, made, is_named):
    def access(self, name_or_id=None, by='name'):
        return made(name_or_id, by)

    access.__name__ = singular
    access.__qualname__ = f'System.{singular}'
    what = 'name or id' if is_named else 'id'
    access.__doc__ = f'A handle of a {name} by its {what}; without one, of a new one.'
    return access


def _listing(singular, plural):
    def listing(self, filter_=None, order=None, limit=None, *, filter=None):
        return self._list(singular, _query(filter_, order, limit, filter))

    listing.__name__ = plural
    listing.__qualname__ = f'System.{plural}'
    listing.__doc__ = f'Handles of the {plural} that a filter chooses, as they are when the iteration starts.'
    return listing
