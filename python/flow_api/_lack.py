"""Says why the default packages are not there, to a flow that imports one of them."""

import sys

_NAMES = frozenset(('yaml', 'pytz', 'dateutil', 'pystache', 'Crypto'))


class _Lack:
    """Asked last of all finders: whatever has such a module has said so before."""

    def __init__(self, reason):
        self.reason = reason

    def find_spec(self, name, path=None, target=None):
        if path is None and name in _NAMES:
            raise ModuleNotFoundError(f'No module named {name!r}: the default packages could not be installed. {self.reason}', name=name)
        return None


def explain(reason):
    """From now on, `reason` is told to whoever imports a default package."""
    sys.meta_path.append(_Lack(reason))
