"""Looks a script over without running it: syntax, the handler, names of older versions."""

import ast
import warnings

__all__ = ['check']

_OLDER_CALLS = {
    'task': 'this.connect(connector_type=...)',
    'connection': 'this.connect() or system.connector()',
    'load': 'get()',
    'archive': 'delete()',
    'get_own_client': 'system.get_own_workspace()',
}


def check(script, script_name):
    """Findings as (severity, line, column, message, is a deprecation); lines and columns count from 1, 0 is the whole script."""
    found = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter('always')
        try:
            tree = ast.parse(script, script_name)
            compile(script, script_name, 'exec', dont_inherit=True)
        except SyntaxError as error:
            return [('error', error.lineno or 1, error.offset or 0, f'{error.msg}.', False)]
        except (ValueError, MemoryError, RecursionError) as error:
            return [('error', 1, 0, f'The script cannot be compiled: {error}.', False)]
    for warning in caught:
        found.append(('warning', warning.lineno, 0, f'{warning.message}.', False))
    found.extend(_handler(tree))
    found.extend(_older_names(tree))
    return sorted(found, key=lambda finding: finding[1:3])


def _handler(tree):
    defined = {}
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            defined[node.name] = node
        elif isinstance(node, (ast.Assign, ast.AnnAssign)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            defined.update({target.id: None for target in targets if isinstance(target, ast.Name)})
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            defined.update({(alias.asname or alias.name): None for alias in node.names})
        elif isinstance(node, (ast.If, ast.Try, ast.With, ast.For, ast.ClassDef)):
            defined.update({inner.name: None for inner in ast.walk(node) if isinstance(inner, ast.FunctionDef)})
    if 'handler' not in defined:
        yield 'error', 0, 0, 'There is no function named handler: define `def handler(system, this, inputs):`.', False
        return
    node = defined['handler']
    if node is None:
        return
    names = [*node.args.posonlyargs, *node.args.args]
    if len(names) == 2 and node.args.vararg is None:
        yield 'warning', node.lineno, node.col_offset + 1, 'The handler takes two parameters; the third is `inputs`.', True


def _older_names(tree):
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        name = node.func.attr
        owner = node.func.value
        on_handle = isinstance(owner, ast.Name) and owner.id in ('system', 'this') or _is_handle(owner)
        if name in _OLDER_CALLS and on_handle:
            yield 'warning', node.lineno, node.col_offset + 1, f'{name}() is an older name; use {_OLDER_CALLS[name]}.', True
        for keyword in node.keywords:
            if keyword.arg == 'filter' and isinstance(owner, ast.Name) and owner.id == 'system':
                yield 'warning', node.lineno, node.col_offset + 1, 'filter= is an older name; use filter_=.', True


def _is_handle(node):
    """Whether an expression is a call like system.setting('x')."""
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id in ('system', 'this')
    )
