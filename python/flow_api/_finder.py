"""Finds flow_api in the binary, and looks after a few modules of the standard library when they are imported."""

import sys
from importlib.machinery import ModuleSpec, PathFinder


def _after_logging(module):
    from flow_api import _logging

    _logging.install()


def _after_random(module):
    import _flow_api

    seed = _flow_api._seed()
    if seed is not None:
        module.seed(seed)


class _Watched:
    """A module's own loader, and what is done once it has loaded the module."""

    def __init__(self, loader, then):
        self.loader = loader
        self.then = then

    def create_module(self, spec):
        return self.loader.create_module(spec)

    def exec_module(self, module):
        module.__loader__ = module.__spec__.loader = self.loader
        self.loader.exec_module(module)
        self.then(module)


class Finder:
    """Serves the sources that the binary carries."""

    def __init__(self, sources, watched):
        self.sources = sources
        self.watched = watched

    def find_spec(self, name, path=None, target=None):
        if name in self.sources:
            is_package = name == 'flow_api'
            return ModuleSpec(name, self, origin='flowstead', is_package=is_package)
        then = self.watched.pop(name, None)
        if then is None:
            return None
        spec = PathFinder.find_spec(name, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = _Watched(spec.loader, then)
        return spec

    def create_module(self, spec):
        return None

    def exec_module(self, module):
        name = module.__name__
        exec(compile(self.sources[name], f'<{name}>', 'exec', dont_inherit=True), module.__dict__)

    def get_source(self, name):
        return self.sources.get(name)


sys.meta_path.insert(0, Finder(SOURCES, {'logging': _after_logging, 'random': _after_random}))  # noqa: F821
