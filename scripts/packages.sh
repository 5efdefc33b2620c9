# Debian packages for the set-up scripts, which source this file after they have defined `say` and `fail`.

as_root() { if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi; }

installed() { [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

# Installs those of the named Debian packages that are missing; asks the archive only if one is.
install_packages() {
    local missing=() package
    for package in "$@"; do installed "$package" || missing+=("$package"); done
    [ ${#missing[@]} -gt 0 ] || return 0
    command -v apt-get >/dev/null || fail "missing: ${missing[*]}; install them with this system's package manager"
    say "installing ${missing[*]}"
    as_root apt-get update -q >&2
    as_root env ${RUNLEVEL:+RUNLEVEL="$RUNLEVEL"} DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "${missing[@]}" >&2
}
