#!/bin/sh
# Makes the secret files of compose.yaml that are not there yet: random ones are complete, the others are left empty or
# asked for in docs/operations/stack.md. Never prints one, never changes one.
#   make-secrets.sh [folder]      default: deploy/secrets
set -eu
folder=${1:-$(cd "$(dirname "$0")/.." && pwd)/secrets}
umask 077
mkdir -p "$folder"
cd "$folder"

random() { head -c "$1" /dev/urandom | od -An -vtx1 | tr -d ' \n'; }
keep() { # NAME: standard input becomes the file, unless there is one
  [ -e "$1" ] || cat >"$1"
}
for name in postgres replication backup grafana elastic kibana filebeat redis; do
  random 24 | keep "${name}_password"
done
random 32 | keep genesis_secret_keys
random 32 | keep s3_encryption_key
random 10 | keep genesis_storage_access_key
random 20 | keep genesis_storage_secret_key
for name in genesis_smtp_url genesis_sentry_dsn genesis_backup_access_key genesis_backup_secret_key slack_url \
  pagerduty_key alert_smtp_password; do
  printf '' | keep "$name"
done

database() { echo "$1://$2:$(cat "$3")@$4:5432/$5"; }
database postgresql+psycopg genesis postgres_password postgres genesis | keep genesis_database_url
database postgresql+psycopg genesis postgres_password postgres-replica genesis | keep genesis_database_replica_url
database postgresql backup backup_password postgres postgres | keep genesis_backup_database_url
echo "redis://genesis:$(cat redis_password)@redis:6379/0" | keep genesis_redis_url
# Redis keeps only the hash; `health` may ask whether it runs and nothing else.
keep redis.acl <<ACL
user default off
user health on nopass -@all +ping
user genesis on #$(tr -d '\n' <redis_password | sha256sum | cut -d' ' -f1) ~* &* +@all -@admin
ACL
keep s3_accounts.json <<JSON
{"identities": [{"name": "genesis", "credentials": [{"accessKey": "$(cat genesis_storage_access_key)",
  "secretKey": "$(cat genesis_storage_secret_key)"}], "actions": ["Admin:genesis-files", "Read:genesis-files",
  "Write:genesis-files", "List:genesis-files", "Tagging:genesis-files"]}]}
JSON
# Containers are other users: the folder keeps people out, the files let containers in.
chmod 0444 -- *
