#!/bin/bash
# Runs once, when the primary's cluster is made: the roles of the replica and of the backup, and the replica's slot.
set -euo pipefail
secrets=${SECRETS_DIR:-/run/secrets}
psql --set=ON_ERROR_STOP=1 --username="$POSTGRES_USER" --dbname="$POSTGRES_DB" \
  --set=replication="$(cat "$secrets/replication_password")" --set=backup="$(cat "$secrets/backup_password")" <<'SQL'
CREATE ROLE replicator LOGIN REPLICATION PASSWORD :'replication';
CREATE ROLE backup LOGIN REPLICATION PASSWORD :'backup';
SELECT pg_create_physical_replication_slot('replica');
SQL
