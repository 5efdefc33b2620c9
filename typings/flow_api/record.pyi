"""Record: what every handle has in common."""

import _flow_api

__all__ = ['Record']

class Record(_flow_api.Record):
    """A handle of a record of any type. Nothing is read until asked.

    Handles come from ``system``: ``system.flow('hello')`` by name, ``system.execution(id)`` by id, ``system.flows()`` for all.
    A text that is a UUID is taken as an id for either. Time stamps are ISO 8601 text with microseconds and offset.
    """
