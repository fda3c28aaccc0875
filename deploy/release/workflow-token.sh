#!/usr/bin/env bash
# Asks GitHub for the token that says which repository and environment this job belongs to (kubectl calls it).
set -euo pipefail
: "${ACTIONS_ID_TOKEN_REQUEST_URL:?only in a workflow with the permission id-token: write}"
curl --silent --show-error --fail --retry 3 --header "Authorization: bearer $ACTIONS_ID_TOKEN_REQUEST_TOKEN" \
  "$ACTIONS_ID_TOKEN_REQUEST_URL&audience=genesis-music" |
  python3 -c '
import json, sys
token = json.load(sys.stdin)["value"]
kind = {"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential"}
print(json.dumps(kind | {"status": {"token": token}}))'
