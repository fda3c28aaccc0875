#!/usr/bin/env sh
# Tell Elasticsearch how long logs are kept, and Kibana what to show of them. Safe to run again.
#   ELASTICSEARCH_URL=http://elasticsearch:9200 KIBANA_URL=http://kibana:5601 ELASTIC_USER=elastic \
#   ELASTIC_PASSWORD_FILE=/run/secrets/elastic_password setup.sh
set -eu
here=$(dirname "$0")
: "${ELASTICSEARCH_URL:?}" "${KIBANA_URL:?}" "${ELASTIC_USER:?}" "${ELASTIC_PASSWORD_FILE:?}"

# The password goes in by a file and not by the command line, which others can see.
ask() {
  printf 'user = "%s:%s"\n' "$ELASTIC_USER" "$(cat "$ELASTIC_PASSWORD_FILE")" |
    curl --silent --show-error --fail-with-body --config - --header 'kbn-xsrf: genesis' "$@"
  echo
}

put() { ask --request PUT --header 'Content-Type: application/json' --data-binary "@$here/$2" "$ELASTICSEARCH_URL/$1"; }

put _ilm/policy/genesis-logs lifecycle.json
put _index_template/genesis-logs template.json
ask --form "file=@$here/../kibana/genesis.ndjson" "$KIBANA_URL/api/saved_objects/_import?overwrite=true"

# A rule and a connector cannot be overwritten, only made anew.
remake() {
  ask --output /dev/null --request DELETE "$KIBANA_URL/$1" 2>/dev/null || true
  ask --request POST --header 'Content-Type: application/json' --data-binary "@$here/../kibana/$2" "$KIBANA_URL/$1"
}

# The connector needs a licence that has webhooks (gold, or the trial); without it the alert ErrorsLogged of Prometheus
# says the same, and this ends here.
remake api/actions/connector/genesis-alertmanager connector.json
remake api/alerting/rule/genesis-errors-in-logs rule.json
