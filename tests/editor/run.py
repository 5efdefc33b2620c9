"""What an author sees in an editor: a server's artifacts are set up in a folder, flows and exported documents laid beside them, and
pyright and yaml-language-server, which the editors run, read them. Right files must have no mark, wrong ones each expected one.

A line of a wrong file ends with `# expect: ` and a part of the message that must stand at it; no other line may have one.
"""

import io
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
import zipfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "acceptance"))

import product  # noqa: E402
import record  # noqa: E402
from language import LanguageServer  # noqa: E402

TOOLS = product.ROOT / ".venv" / "node" / "node_modules" / ".bin"
# Seconds until a tool that does not answer is given up.
PATIENCE = 120
# Seconds that a language server has for a second thought, once it has looked at every file.
SECOND_THOUGHT = 10
MARK = "# expect: "
# Of a document: a line that no schema allows, put below the first.
STRANGE = "no_such_column"
# Exports without and with the columns that an import leaves alone, as parameters ask for them.
FORMS = (("plain", ""), ("full", "&informational=true"))

Marks = dict[int, list[str]]


def expected(path: pathlib.Path) -> Marks:
    """The messages a file asks for, by line from 0."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return {at: line.split(MARK)[1:] for at, line in enumerate(lines) if MARK in line}


def compare(path: pathlib.Path, wanted: Marks, found: list[tuple[int, str]]) -> list[str]:
    """What is wrong with the marks of a file, as lines for people."""
    faults = []
    left = list(found)
    for line, parts in wanted.items():
        for part in parts:
            match = next((mark for mark in left if mark[0] == line and part.strip() in mark[1]), None)
            if match:
                left = [mark for mark in left if mark[0] != line]
            else:
                said = [message for at, message in found if at == line] or ["nothing"]
                faults.append(f"{path.name}:{line + 1}: expected '{part.strip()}', but it says: {'; '.join(said)}")
    faults += [f"{path.name}:{line + 1}: a false mark: {message}" for line, message in left if line not in wanted]
    return faults


def python(folder: pathlib.Path) -> list[str]:
    """Pyright over the flows, with the configuration that was set up."""
    command = [TOOLS / "pyright", "--outputjson", "--project", folder]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    found: dict[pathlib.Path, list[tuple[int, str]]] = {}
    for mark in json.loads(done.stdout)["generalDiagnostics"]:
        found.setdefault(pathlib.Path(mark["file"]), []).append((mark["range"]["start"]["line"], mark["message"]))
    files = sorted(folder.rglob("*.py"))
    if not any(expected(file) for file in files):
        return ["there is no mistake for pyright to find"]
    return [fault for file in files for fault in compare(file, expected(file), found.get(file, []))]


def yaml(folder: pathlib.Path) -> list[str]:
    """yaml-language-server over the documents, with the settings that were set up."""
    settings = json.loads((folder / ".vscode" / "settings.json").read_text(encoding="utf-8"))
    # The public collection of schemas is not asked: what marks a file is what was set up.
    options = {"validate": True, "schemas": settings["yaml.schemas"], "schemaStore": {"enable": False}}
    # Wrong ones last: what they show, the right ones of their type have been held against too.
    files = sorted(folder.rglob("*.yaml"), key=lambda file: (bool(expected(file)), file))

    def found(server: LanguageServer, file: pathlib.Path) -> list[tuple[int, str]] | None:
        marks = server.marked(file)
        return None if marks is None else [(mark["range"]["start"]["line"], mark["message"]) for mark in marks]

    with LanguageServer([TOOLS / "yaml-language-server", "--stdio"], folder, {"yaml": options}) as server:
        for file in files:
            server.open(file)

        def faults() -> list[str]:
            out = []
            for file in files:
                marks = found(server, file)
                out += [f"{file.name}: not looked at"] if marks is None else compare(file, expected(file), marks)
            return out

        server.wait(lambda: all(server.marked(file) is not None for file in files), PATIENCE)
        server.wait(lambda: not faults(), SECOND_THOUGHT)
        return faults()


def strange(text: str) -> str:
    """A document with a line below its first that no schema allows."""
    head, _, rest = text.partition("\n")
    indent = rest[: len(rest) - len(rest.lstrip(" "))]
    comma = "," if rest.lstrip().startswith('"') else ""
    return f'{head}\n{indent}"{STRANGE}": 1{comma} {MARK}{STRANGE} is not allowed\n{rest}'


def exported(server: product.Product, of: str, name: str, folder: pathlib.Path, query: str) -> str:
    """The export document of one record. A place comes with all that lies in it, which goes into `folder`."""
    address = f"{server.url}/api/latest/{of}/{name}?download=export{query}"
    request = urllib.request.Request(address, headers={"authorization": f"Bearer {server.key}"})
    with product.OPENER.open(request, timeout=60) as answer:
        content = answer.read()
    if content.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            archive.extractall(folder)
            content = archive.read(next(name for name in archive.namelist() if name.endswith(f".{of}.yaml")))
    return content.decode()


def documents(server: product.Product, folder: pathlib.Path) -> int:
    """Every resource as a document, written by hand and exported, and the same with a key that is none; how many types there are."""
    types = [entry["key"] for entry in json.loads((folder / ".cloudomation/schemas/export/manifest.json").read_text())["resource_types"]]
    ids = record.seed(server)
    if missing := set(types) - set(ids):
        raise SystemExit(f"record.py makes no {', '.join(sorted(missing))}")
    for of in types:
        # As people write them: JSON is YAML too.
        texts = {"written": f"{of}: " + json.dumps(record.document(of)[of], indent=2).replace("\n", "\n  ")}
        for form, query in FORMS:
            texts[form] = exported(server, of, ids[of], folder / f"{form} {of}", query)
        for form, text in texts.items():
            (folder / f"{form}.{of}.yaml").write_text(text, encoding="utf-8")
            (folder / f"strange {form}.{of}.yaml").write_text(strange(text), encoding="utf-8")
    return len(types)


def main() -> None:
    began = time.monotonic()
    faults = []
    with product.running() as server, tempfile.TemporaryDirectory(prefix="editor-") as temporary:
        folder = pathlib.Path(temporary).resolve()
        shutil.copytree(HERE / "flows", folder, dirs_exist_ok=True)
        shutil.copytree(HERE / "mistakes", folder, dirs_exist_ok=True)
        # An author has settings already.
        (folder / ".vscode").mkdir()
        (folder / ".vscode" / "settings.json").write_text('{"yaml.schemas": {}}', encoding="utf-8")
        set_up = [product.PROGRAM, "setup-editor", folder, "--url", server.url, "--key", server.key]
        subprocess.run(set_up, check=True, stdout=subprocess.DEVNULL)
        types = documents(server, folder)
        # The flow's own inputs are known to the typings from now on.
        subprocess.run(set_up, check=True, stdout=subprocess.DEVNULL)
        for name, check in (("pyright", python), ("yaml-language-server", yaml)):
            found = check(folder)
            faults += found
            print("\n".join(found), end="\n" if found else "", file=sys.stderr)
            print(f"{name:<22}{'failed' if found else 'passed':<8}{time.monotonic() - began:6.1f} s")
        wrong = sum(len(parts) for file in folder.rglob("*.[py]*") if file.is_file() for parts in expected(file).values())
    print(f"editor: {types} resource types, {wrong} seeded mistakes, {len(faults)} faults")
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
