"""Runs mypy's stubtest where flow_api exists: inside the embedded interpreter.

Arguments: the folder mypy is installed in, the folder of the stubs, the module.
"""

import os
import sys


def main() -> int:
    packages, stubs, module = sys.argv[1:]
    sys.path.insert(0, packages)
    os.environ["MYPYPATH"] = os.path.abspath(stubs)

    from mypy import stubtest

    options = stubtest.parse_options([module, "--concise"])
    return stubtest.test_stubs(options)


if __name__ == "__main__":
    sys.exit(main())
