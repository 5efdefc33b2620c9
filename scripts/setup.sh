#!/usr/bin/env bash
# Brings a Debian machine with Rust, Python 3.11+ and Node to the point where Flowstead builds.
# Safe to run again at any time: it asks what is there first and touches nothing that is.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { echo "setup: $*" >&2; }
fail() { say "$*"; exit 1; }
. scripts/packages.sh

# Other systems bring the same commands under other package names: only what does not run is asked for.
needed=()
command -v cc >/dev/null && command -v make >/dev/null || needed+=(build-essential)
command -v pkg-config >/dev/null || needed+=(pkg-config)
command -v curl >/dev/null || needed+=(curl)
[ ${#needed[@]} -eq 0 ] || install_packages "${needed[@]}"

command -v cargo >/dev/null || [ ! -f "${HOME:-}/.cargo/env" ] || . "$HOME/.cargo/env"
command -v cargo >/dev/null || fail "cargo was not found; install Rust from https://rustup.rs and run this again"

if ! python=$(scripts/find_python.sh); then
    [ -z "${PYO3_PYTHON:-}" ] || exit 1
    # Debian's own Python has its linkable library in a package of its own.
    install_packages python3 libpython3-dev python3-venv
    python=$(scripts/find_python.sh) || fail "no Python 3.11 or newer with a shared libpython was found; install one or name it in PYO3_PYTHON"
fi
case "$python" in
    /usr/bin/*) "$python" -c 'import ensurepip' 2>/dev/null || install_packages python3-venv ;;
esac
say "Python $("$python" -c 'import platform; print(platform.python_version())') at $python"

# Only flows that name packages need it; they say so where it is missing.
PYO3_PYTHON="$python" scripts/setup_uv.sh || say "uv could not be installed; flows that ask for packages will be refused"
