#!/usr/bin/env bash
# Brings a release out: tables first, then the programs, each only as fast as its new pods get ready. A roll-out that does
# not get ready is taken back.
#   deploy.sh NAMESPACE MANIFESTS
set -euo pipefail
namespace=${1:?a namespace} manifests=${2:?a file of manifests}
here=$(dirname "$0")
released=genesis.music/applied-by=release
kube() { kubectl --namespace "$namespace" "$@"; }

"$here/migrate.sh" "$namespace" "$manifests"
kube apply --filename "$manifests" --selector "$released,app.kubernetes.io/component!=migration"
# An empty answer would pass for a good one.
deployments=$(kube get deployments --selector "$released" --output name)
[ -n "$deployments" ] || { echo "deploy.sh: there are no Deployments in $namespace" >&2; exit 1; }
for one in $deployments; do
  kube rollout status "$one" --timeout=10m || { "$here/rollback.sh" "$namespace"; exit 1; }
done
