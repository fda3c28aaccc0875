#!/usr/bin/env bash
# Looks for secrets in every committed file (but for those in .secrets.baseline, each of which somebody has looked at) and
# for risky code.
#   scripts/scan.sh             fails when there is something
#   scripts/scan.sh baseline    after a look at each: writes down that what is found now is no secret
set -euo pipefail
cd "$(dirname "$0")/.."
tools=.venv-deploy/bin
if [ "${1:-}" = baseline ]; then
  # No line numbers: they would make of every edit a change of this file.
  $tools/detect-secrets scan --slim --exclude-files '\.lock$|package-lock\.json$|^\.secrets\.baseline$' >.secrets.baseline
  exit 0
fi
git ls-files -z | xargs -0 $tools/detect-secrets-hook --no-verify --baseline .secrets.baseline
$tools/bandit --quiet --recursive src scripts benchmarks deploy --exclude '*/node_modules/*' --severity-level medium --configfile .bandit.yaml
