#!/usr/bin/env bash
# Prints the manifests of a release: an overlay with the digests of what was built, so that nobody can change what runs
# by moving a tag.
#   render.sh ENVIRONMENT VERSION DIGESTS      a folder with one file per image, named as it, that holds its digest
set -euo pipefail
environment=${1:?staging or production} version=${2:?a version} digests=$(cd "${3:?a folder of digests}" && pwd)
cd "$(dirname "$0")/../.."
overlay=deploy/kubernetes/overlays/$environment
[ -d "$overlay" ] || { echo "render.sh: there is no overlay $environment" >&2; exit 2; }
[[ $version =~ ^[0-9]+\.[0-9]+\.[0-9]+([.-][0-9A-Za-z.-]+)?$ ]] || { echo "render.sh: $version is no version" >&2; exit 2; }
namespace=$(sed -n 's/^namespace: //p' "$overlay/kustomization.yaml")

mkdir -p build
folder=$(mktemp -d build/release-XXXXXX)
trap 'rm -rf "$folder"' EXIT
{
  printf 'apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [../../%s]\nnamespace: %s\n' "$overlay" "$namespace"
  printf 'configMapGenerator:\n  - name: settings\n    namespace: %s\n    behavior: merge\n    literals: [GENESIS_RELEASE=%s]\nimages:\n' "$namespace" "$version"
  for name in genesis-api genesis-web genesis-worker genesis-worker-gpu genesis-backup; do
    digest=$(cat "$digests/$name")
    [[ $digest =~ ^sha256:[0-9a-f]{64}$ ]] || { echo "render.sh: $digests/$name holds no digest" >&2; exit 2; }
    printf '  - name: ghcr.io/genesis-music/%s\n    digest: %s\n' "$name" "$digest"
  done
} >"$folder/kustomization.yaml"
kubectl kustomize "$folder"
