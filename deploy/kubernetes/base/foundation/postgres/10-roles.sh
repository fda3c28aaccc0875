#!/bin/bash
# Runs once, when the primary's cluster is made: the roles of the replica and of the backup.
set -euo pipefail
secret() { cat "/run/secrets/postgres/$1"; }
psql --set=ON_ERROR_STOP=1 --username="$POSTGRES_USER" --dbname="$POSTGRES_DB" \
  --set=replication="$(secret replication_password)" --set=backup="$(secret backup_password)" <<'SQL'
CREATE ROLE replicator LOGIN REPLICATION PASSWORD :'replication';
CREATE ROLE backup LOGIN REPLICATION PASSWORD :'backup';
SELECT pg_create_physical_replication_slot('replica');
SQL
