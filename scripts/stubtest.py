"""Runs mypy's stubtest where flow_api exists: inside the embedded interpreter.

Arguments: the folder mypy is installed in, the folder of the stubs, the list of what may differ, the modules.
"""

import os
import sys


def main() -> int:
    packages, stubs, allowed, *modules = sys.argv[1:]
    sys.path.insert(0, packages)
    os.environ["MYPYPATH"] = os.path.abspath(stubs)

    from mypy import stubtest

    options = stubtest.parse_options([*modules, "--concise", "--allowlist", allowed])
    return stubtest.test_stubs(options)


if __name__ == "__main__":
    sys.exit(main())
