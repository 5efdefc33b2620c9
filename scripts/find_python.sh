#!/usr/bin/env bash
# Prints the path of the Python to embed: the best one (3.13, 3.12, 3.14, 3.11) that has its shared libpython beside it.
# PYO3_PYTHON, when set, is the only candidate. Prints nothing and fails when there is none.
set -euo pipefail

# Prints "MAJOR.MINOR PATH" of an interpreter that can be embedded; fails for all others.
probe() {
    "$1" -I - 2>/dev/null <<'PYTHON'
import os
import sys
import sysconfig

get = sysconfig.get_config_var
library = os.path.join(get("LIBDIR") or "", get("LDLIBRARY") or "none")
# An interpreter of a virtual environment links the library of its base.
program = getattr(sys, "_base_executable", None) or sys.executable
if sys.implementation.name != "cpython" or sys.version_info < (3, 11):
    sys.exit(1)
if not get("Py_ENABLE_SHARED") or not library.endswith(".so") or not os.path.exists(library):
    sys.exit(1)
if get("Py_GIL_DISABLED"):
    sys.exit(1)
print("%d.%d %s" % (sys.version_info[0], sys.version_info[1], program))
PYTHON
}

if [ -n "${PYO3_PYTHON:-}" ]; then
    if found=$(probe "$PYO3_PYTHON"); then
        echo "${found#* }"
        exit 0
    fi
    echo "PYO3_PYTHON=$PYO3_PYTHON cannot be embedded: it must be CPython 3.11 or newer with a shared libpython." >&2
    exit 1
fi

candidates() {
    local versions="${PYENV_ROOT:-${HOME:-/nonexistent}/.pyenv}/versions"
    local minor="$1" path
    # Newest patch release first.
    if [ -d "$versions" ]; then
        for path in $(ls -d "$versions/3.$minor".*/bin/python3 2>/dev/null | sort -rV); do echo "$path"; done
    fi
    # Each folder on PATH, since the first python3.x there may be one without its library.
    type -ap "python3.$minor" 2>/dev/null || true
    echo "/usr/local/bin/python3.$minor"
    echo "/usr/bin/python3.$minor"
}

for minor in 13 12 14 11; do
    while read -r path; do
        [ -x "$path" ] || continue
        found=$(probe "$path") || continue
        # A launcher named python3.13 may start another version.
        [ "${found%% *}" = "3.$minor" ] || continue
        echo "${found#* }"
        exit 0
    done < <(candidates "$minor")
done
exit 1
