"""What flows import: System, Execution, a class per record type, the exceptions."""

import sys as _sys
from types import ModuleType as _ModuleType

import _flow_api

from . import connectors, content, exceptions, inputs
from ._execution import Execution
from ._message import Message
from ._record import File, NotSet, Record, Setting, record_class as _record_class
from ._system import System, add_types as _add_types
from ._wrapper import Using
from .exceptions import *  # noqa: F403
from .return_when import ReturnWhen

__all__ = [
    'Execution', 'Message', 'NotSet', 'Record', 'ReturnWhen', 'System', 'Using', 'connectors', 'content', 'exceptions', 'inputs',
    *exceptions.__all__
]


def _set_up():
    """One class and one module for each record type."""
    own = {'execution': Execution, 'file': File, 'message': Message, 'setting': Setting}
    classes = {}
    types = _flow_api._record_types()
    for singular, _, name, doc, _, fields, pointers in types:
        made = own.get(singular)
        classes[singular] = _record_class(made or Record, made, singular, name, doc, fields, pointers)
    _add_types(System, types, classes)
    _flow_api._register(System, classes)
    for singular, made in [*classes.items(), ('system', System), ('record', Record), ('using', Using)]:
        globals()[made.__name__] = made
        module = _ModuleType(f'flow_api.{singular}', made.__doc__)
        setattr(module, made.__name__, made)
        module.__all__ = [made.__name__]
        _sys.modules[module.__name__] = module
        globals()[singular] = module
        if made.__name__ not in __all__:
            __all__.append(made.__name__)


_set_up()
