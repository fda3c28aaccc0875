#!/bin/sh
# Gives Kibana and Filebeat accounts of their own, with the rights they need. Safe to run again.
set -eu
: "${ELASTICSEARCH_URL:=http://elasticsearch:9200}" "${SECRETS_DIR:=/run/secrets}"

secret() { cat "$SECRETS_DIR/$1"; }
ask() { # METHOD PATH: standard input is the body; passwords go by files, not by the command line
  printf 'user = "elastic:%s"\n' "$(secret elastic_password)" |
    curl --silent --show-error --fail-with-body --config - --request "$1" --header 'Content-Type: application/json' \
      --data-binary "@$body" "$ELASTICSEARCH_URL/_security/$2"
  echo
}
body=$(mktemp)
trap 'rm -f "$body"' EXIT

printf '{"password": "%s"}' "$(secret kibana_password)" >"$body"
ask POST user/kibana_system/_password
echo '{"cluster": ["monitor"], "indices": [{"names": ["logs-genesis-*"], "privileges": ["auto_configure", "create_doc"]}]}' >"$body"
ask PUT role/genesis_filebeat
printf '{"password": "%s", "roles": ["genesis_filebeat"]}' "$(secret filebeat_password)" >"$body"
ask PUT user/filebeat
