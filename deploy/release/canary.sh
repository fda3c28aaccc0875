#!/usr/bin/env bash
# Lets one server of a release answer beside those that run, and watches it. Ends with 0 when it was as good as they for
# all the time; otherwise it is taken away again, and the release has to be.
#   canary.sh NAMESPACE MANIFESTS
# CANARY_LOOKS (15), CANARY_SECONDS before each (60), PROMETHEUS (the cluster's, by way of its API).
set -euo pipefail
namespace=${1:?a namespace} manifests=${2:?a file of manifests}
here=$(dirname "$0")
looks=${CANARY_LOOKS:-15} seconds=${CANARY_SECONDS:-60}
kube() { kubectl --namespace "$namespace" "$@"; }
HEALTHY=0 SICK=1 UNKNOWN=2 # verdict.py

end() {
  [ -z "${proxy:-}" ] || kill "$proxy" 2>/dev/null || true
  kube scale deployment/api-canary --replicas=0
}
trap end EXIT

if [ -z "${PROMETHEUS:-}" ]; then
  kubectl proxy --port=18001 >/dev/null &
  proxy=$!
  PROMETHEUS=http://127.0.0.1:18001/api/v1/namespaces/monitoring/services/prometheus:9090/proxy
fi

"$here/migrate.sh" "$namespace" "$manifests"
kube apply --filename "$manifests" --selector 'genesis.music/applied-by=release,genesis.music/track=canary'
kube scale deployment/api-canary --replicas=1
kube rollout status deployment/api-canary --timeout=5m

last=$UNKNOWN
for ((look = 1; look <= looks; look++)); do
  sleep "$seconds"
  last=0
  python3 "$here/verdict.py" --prometheus "$PROMETHEUS" --namespace "$namespace" || last=$?
  [ "$last" != "$SICK" ] || break
done
case $last in
  "$HEALTHY") echo "canary.sh: as good as what runs: bring it out" ;;
  "$SICK") echo "canary.sh: worse than what runs: it was taken away" >&2; exit 1 ;;
  *) echo "canary.sh: too little is known after $looks looks: it was taken away" >&2; exit 1 ;;
esac
