#!/usr/bin/env bash
# Takes a release back: no canary, and every Deployment as it was before. Tables stay: the release before works with them.
#   rollback.sh NAMESPACE
set -euo pipefail
namespace=${1:?a namespace}
kube() { kubectl --namespace "$namespace" "$@"; }

kube scale deployment/api-canary --replicas=0
for name in nginx api sockets worker worker-gpu backup; do
  # One that has not changed has nothing to go back to: the others all the same.
  kube rollout undo "deployment/$name" || echo "rollback.sh: $name stays as it is" >&2
done
for name in nginx api sockets worker worker-gpu backup; do
  kube rollout status "deployment/$name" --timeout=10m
done
