#!/usr/bin/env bash
# Brings the tables up to what a release needs, and waits for it. Steps only add (docs/operations/releases.md): what runs
# goes on running.
#   migrate.sh NAMESPACE MANIFESTS
set -euo pipefail
namespace=${1:?a namespace} manifests=${2:?a file of manifests}
kube() { kubectl --namespace "$namespace" "$@"; }

# A Job cannot be changed.
kube delete job migrate --ignore-not-found --wait
kube apply --filename "$manifests" --selector 'genesis.music/applied-by=release,app.kubernetes.io/component=settings'
kube apply --filename "$manifests" --selector 'genesis.music/applied-by=release,app.kubernetes.io/component=migration'
kube wait job/migrate --for=condition=complete --timeout=10m || {
  kube logs job/migrate --tail=50 >&2
  echo "migrate.sh: the tables could not be brought up to date; what ran before still runs" >&2
  exit 1
}
