#!/usr/bin/env bash
# Builds the images of this checkout; "push" also sends them to the registry, with provenance and a list of parts (SBOM),
# and writes the digest of each into build/digests/.
#   scripts/images.sh build|push [IMAGE…]        all of them, or some: api web worker worker-gpu backup
# VERSION and REGISTRY may come from the environment.
set -euo pipefail
cd "$(dirname "$0")/.."
what=${1:?build or push}
shift
version=${VERSION:-$(sed -nE 's/^__version__ = "(.+)"/\1/p' src/genesis_music/version.py)}
registry=${REGISTRY:-ghcr.io/genesis-music}
revision=$(git rev-parse HEAD)
case $what in
  build) how=(--load) ;;
  push) how=(--push --provenance=mode=max --sbom=true) ;;
  *) echo "images.sh: $what is neither build nor push" >&2; exit 2 ;;
esac

file_of() {
  for folder in deploy/images deploy/backup; do
    [ ! -f "$folder/$1.Dockerfile" ] || { echo "$folder/$1.Dockerfile"; return; }
  done
  echo "images.sh: there is no image $1" >&2
  exit 2
}

[ $# -gt 0 ] || set -- api web worker worker-gpu backup
mkdir -p build/digests
for name in "$@"; do
  file=$(file_of "$name")
  image=$registry/genesis-$name:$version
  docker buildx build --file "$file" --tag "$image" --build-arg "VERSION=$version" --build-arg "REVISION=$revision" \
    --metadata-file build/image.json "${how[@]}" .
  [ "$what" = push ] || continue
  digest=$(python3 -c 'import json; print(json.load(open("build/image.json"))["containerimage.digest"])')
  echo "$digest" >"build/digests/genesis-$name"
  # For the workflow's next step, which signs what was built.
  [ -z "${GITHUB_OUTPUT:-}" ] || printf 'name=%s\ndigest=%s\n' "$registry/genesis-$name" "$digest" >>"$GITHUB_OUTPUT"
done
