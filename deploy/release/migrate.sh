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
# `kubectl wait` would wait for the good end also after the bad one. The Job itself ends after ten minutes at the latest.
for ((look = 1; look <= 330; look++)); do
  case $(kube get job migrate --output 'jsonpath={.status.conditions[?(@.status=="True")].type}') in
    *Complete*) exit 0 ;;
    *Failed*) break ;;
  esac
  sleep 2
done
kube logs job/migrate --tail=50 >&2 || true
echo "migrate.sh: the tables could not be brought up to date; what ran before still runs" >&2
exit 1
