#!/usr/bin/env bash
# Installs the real servers that the tests of the connectors start for themselves, each on a port and in a folder of its own.
# Nothing is started or kept running here: no service of the machine is made or changed beyond what the packages bring.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { echo "setup: $*" >&2; }
fail() { say "$*"; exit 1; }
. scripts/packages.sh

# The command that a test runs, and the Debian package that brings it. Some of them live where only root's path leads.
PATH="$PATH:/usr/sbin:/sbin"
needed=()
compgen -G '/usr/lib/postgresql/*/bin/postgres' >/dev/null || needed+=(postgresql)
command -v mariadbd >/dev/null || needed+=(mariadb-server)
command -v redis-server >/dev/null || needed+=(redis-server)
command -v sshd >/dev/null || needed+=(openssh-server)
[ -x /usr/lib/openssh/sftp-server ] || needed+=(openssh-sftp-server)
[ -x "$(git --exec-path 2>/dev/null)/git-http-backend" ] || needed+=(git)
[ -d /usr/lib/python3/dist-packages/aiosmtpd ] || needed+=(python3-aiosmtpd)
[ ${#needed[@]} -gt 0 ] || exit 0

# The packages start their services on a machine that boots; RUNLEVEL says that this is none of those moments.
export RUNLEVEL=1
install_packages "${needed[@]}"
