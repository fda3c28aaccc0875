#!/usr/bin/env bash
# Build the web application, unless the one in web/build is of the present sources.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/again.sh
. scripts/again.sh
install_node web
cd web
# The example on the first page is the repository's own: copied, not kept twice.
mkdir -p static/example && cp ../examples/morning-porch.ogg static/example/
inputs=$(find src static package-lock.json svelte.config.js vite.config.ts -type f ! -path 'static/alphatab/*' ! -path 'static/font/*' ! -path 'static/soundfont/*' -print0 | sort -z | xargs -0 sha256sum | sha256sum)
[ -f build/200.html ] && [ "$(cat build/.built-from 2>/dev/null)" = "$inputs" ] && exit 0
npm run --silent build >/dev/null
echo "$inputs" > build/.built-from
