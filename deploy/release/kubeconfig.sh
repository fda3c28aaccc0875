#!/usr/bin/env bash
# Prints a kubeconfig for a workflow: who it is says the token that GitHub gives its job, a new one at every command.
# No secret is kept anywhere.
#   CLUSTER_SERVER=https://… CLUSTER_CA=<base64> kubeconfig.sh > kubeconfig
set -euo pipefail
: "${CLUSTER_SERVER:?the address of the cluster}" "${CLUSTER_CA:?its certificate authority, base64}"
here=$(cd "$(dirname "$0")" && pwd)
cat <<YAML
apiVersion: v1
kind: Config
current-context: release
clusters:
  - name: cluster
    cluster: {server: "$CLUSTER_SERVER", certificate-authority-data: "$CLUSTER_CA"}
contexts:
  - name: release
    context: {cluster: cluster, user: workflow}
users:
  - name: workflow
    user:
      exec:
        apiVersion: client.authentication.k8s.io/v1
        command: "$here/workflow-token.sh"
        interactiveMode: Never
YAML
