# shellcheck shell=bash
# For scripts that download: a registry or a network that hiccups once must not end the set-up.

# Try a command up to four times.
again() {
  local pause
  for pause in 10 20 40; do
    "$@" && return 0
    echo "Trying again in $pause s: $*" >&2
    sleep $pause
  done
  "$@"
}

# Install what a folder's package-lock.json says, unless it is there.
install_node() { [ "$1/node_modules" -nt "$1/package-lock.json" ] || again npm_ci "$1"; }

# What is left of an attempt that failed would look complete.
npm_ci() { (cd "$1" && { npm ci --silent --no-audit --no-fund || { rm -rf node_modules; false; }; }); }
