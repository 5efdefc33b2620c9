"""What a script says about itself: its docstring, and the schemas in it or in the hints of its handler."""

import ast
import inspect
import io
import json
import re
import sys
import traceback
import types

from . import _schema

__all__ = ['describe']

# ```json input_schema ... ``` in the module's docstring.
_BLOCK = re.compile(r'^[ \t]*```json[ \t]+(input_schema|output_schema)[ \t]*\n(.*?)^[ \t]*```[ \t]*(?:\n|\Z)', re.MULTILINE | re.DOTALL)
# Hints that say nothing, so that nothing has to be imported to read them.
_EMPTY_HINTS = {'dict', 'None', 'Any', 'typing.Any', 'object', 'NoReturn', 'typing.NoReturn', 'Never', 'typing.Never'}
_EMPTY_HINTS |= {f'{owner}{kind}[str, {value}]' for owner in ('', 'typing.') for kind in ('dict', 'Dict') for value in ('Any', 'typing.Any', 'object')}


def describe(script, script_name):
    """(findings, text, input_schema, output_schema); the schemas as JSON text, and what is not there as None.

    A finding is (severity, line, column, message). The script is imported only if its hints have to be read.
    """
    tree = ast.parse(script, script_name)
    found = []
    text, schemas = _docstring(tree, found)
    handler = next((n for n in tree.body if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef)) and n.name == 'handler'), None)
    if handler is not None:
        wanted = {name for name, hint in _hints(handler).items() if name not in schemas and ast.unparse(hint) not in _EMPTY_HINTS}
        if wanted:
            schemas.update(_derive(script, script_name, tree, handler, wanted, found))
    encoded = {name: json.dumps(schema, ensure_ascii=False) for name, schema in schemas.items()}
    return found, text, encoded.get('input_schema'), encoded.get('output_schema')


def _hints(handler):
    """The hints to read, by the schema that they give; string hints as what is in the string."""
    positional = [*handler.args.posonlyargs, *handler.args.args]
    hints = {'output_schema': handler.returns}
    if len(positional) > 2:
        hints['input_schema'] = positional[2].annotation
    for name, hint in hints.items():
        if isinstance(hint, ast.Constant) and isinstance(hint.value, str):
            try:
                hints[name] = ast.parse(hint.value, mode='eval').body
            except SyntaxError:
                pass
    return {name: hint for name, hint in hints.items() if hint is not None}


def _docstring(tree, found):
    """The docstring without its schema blocks, and the schemas."""
    first = tree.body[0] if tree.body else None
    if not (isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str)):
        return None, {}
    raw = first.value.value
    schemas = {}
    for block in _BLOCK.finditer(raw):
        name, source = block.groups()
        try:
            schemas[name] = json.loads(source)
        except ValueError as error:
            line = first.lineno + raw.count('\n', 0, block.start(2)) + getattr(error, 'lineno', 1) - 1
            found.append(('error', line, getattr(error, 'colno', 0), f'The {name} in the docstring is not JSON: {error}.'))
    return inspect.cleandoc(_BLOCK.sub('', raw)).strip() or None, schemas


def _derive(script, script_name, tree, node, wanted, found):
    """Schemas from the handler's hints. What cannot be expressed is a finding, and then there is no schema."""
    import typing

    failed, line = 'Importing the script failed', 0
    try:
        handler = _load(script, script_name).handler
        failed, line = 'The hints of the handler cannot be read', node.lineno
        hints = typing.get_type_hints(handler, include_extras=True)
    except BaseException as error:  # a script may raise anything, SystemExit included
        found.append(('error', _line(error, script_name) or line, 0, f'{failed}: {type(error).__name__}: {error}'))
        return {}
    schemas = {}
    documented = _schema.field_docs(tree)
    positional = [*node.args.posonlyargs, *node.args.args]
    for name in sorted(wanted):
        parameter = positional[2].arg if name == 'input_schema' else 'return'
        line = (positional[2].annotation if name == 'input_schema' else node.returns).lineno
        try:
            schema = _schema.of(hints.get(parameter), documented, is_output=name == 'output_schema')
        except _schema.NoSchema as error:
            found.append(('warning', line, 0, f'No {name} can be made from the hint of {parameter}: {error}'))
            continue
        if schema:
            schemas[name] = schema
    return schemas


def _load(script, script_name):
    """The script as a module, with what it prints thrown away: no execution is there to log it."""
    module = types.ModuleType('__flow__')
    module.__file__ = script_name
    sys.modules[module.__name__] = module
    sys.stdout = sys.stderr = io.StringIO()
    exec(compile(script, script_name, 'exec', dont_inherit=True), module.__dict__)
    return module


def _line(error, script_name):
    """The last line of the script that the error passed through."""
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == script_name]
    return lines[-1] if lines else 0
