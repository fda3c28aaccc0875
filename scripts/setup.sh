#!/usr/bin/env bash
# Set up .venv (and, for "test", everything the checks need). Safe to run again: does nothing when up to date.
#   scripts/setup.sh run|test|deploy|live
set -euo pipefail
cd "$(dirname "$0")/.."
what=${1:-run}

# shellcheck source=scripts/again.sh
. scripts/again.sh
say() { printf '\033[1m%s\033[0m\n' "$*" >&2; }

apt() {
  local apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300)
  "${apt[@]}" update && "${apt[@]}" install -y "$@" >/dev/null
}

# System packages only as root on a Debian-like machine; otherwise say which are missing and go on.
system() {
  local missing=()
  for package in "$@"; do dpkg -s "$package" >/dev/null 2>&1 || missing+=("$package"); done
  [ ${#missing[@]} -gt 0 ] || return 0
  local as_root=()
  # A machine of continuous integration is thrown away afterwards; nobody else is asked for root's rights.
  [ "$(id -u)" = 0 ] || [ -z "${CI:-}" ] || as_root=(sudo --non-interactive)
  if { [ "$(id -u)" = 0 ] || [ ${#as_root[@]} -gt 0 ]; } && command -v apt-get >/dev/null; then
    say "Installing ${missing[*]}"
    again apt "${missing[@]}"
  else
    say "Not installed (some checks will be skipped): sudo apt-get install ${missing[*]}"
  fi
}

make_venv() {
  [ -x .venv/bin/python ] && .venv/bin/python -m pip --version >/dev/null 2>&1 && return 0
  rm -rf .venv
  python3 -m venv .venv 2>/dev/null || { system python3-venv; python3 -m venv .venv; }
}

pip_install() { again .venv/bin/python -m pip install --quiet --disable-pip-version-check --timeout 60 "$@"; }

# Installs one lock file unless exactly this one was installed before.
install_lock() {
  local lock=$1 stamp=.venv/.installed-$1; shift
  cmp -s "$lock" "$stamp" && return 0
  say "Installing from $lock"
  pip_install --require-hashes -r "$lock" "$@"
  cp "$lock" "$stamp"
}

install_project() {
  cmp -s pyproject.toml .venv/.installed-project && return 0
  pip_install --no-deps --editable .
  cp pyproject.toml .venv/.installed-project
}

install_torch() {
  .venv/bin/python -c 'import torch' 2>/dev/null ||
    pip_install 'torch==2.13.0'
}

# The checkers of deploy/ are programs with many dependencies: they live apart from the project's own.
install_tools() {
  local stamp=.venv-deploy/.installed
  cmp -s deploy/tools/requirements.lock "$stamp" && [ deploy/tools/node_modules -nt deploy/tools/package-lock.json ] && return 0
  say "Installing from deploy/tools"
  python3 -m venv .venv-deploy
  again .venv-deploy/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r deploy/tools/requirements.lock
  install_node deploy/tools
  cp deploy/tools/requirements.lock "$stamp"
}

make_venv
if [ "$what" = deploy ]; then
  system nginx gettext-base prometheus prometheus-alertmanager
  install_tools
  exit 0
fi
if [ "$what" = live ]; then
  system nginx gettext-base prometheus prometheus-alertmanager testssl.sh
  what='test'
fi
if [ "$what" = test ]; then
  system musescore3 procps postgresql-common
  # The tests start PostgreSQL servers of their own: Debian need not start one.
  [ ! -w /etc/postgresql-common/createcluster.conf ] ||
    sed -i 's/^#\?create_main_cluster.*/create_main_cluster = false/' /etc/postgresql-common/createcluster.conf
  system postgresql
  install_lock requirements-dev.lock
  install_torch
  install_lock requirements-separate.lock --no-deps
  for folder in tests/formats/alphatab tests/service/socketio; do
    install_node "$folder"
  done
else
  [ -f .venv/.installed-requirements-dev.lock ] || install_lock requirements.lock
fi
install_project
