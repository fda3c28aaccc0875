#!/bin/bash
# Copies the primary when the disk is empty, and follows it.
set -euo pipefail
PGPASSWORD=$(cat /run/secrets/postgres/replication_password)
export PGPASSWORD
# Kept outside the data: a changed password is taken at the next start.
source="host=postgres port=5432 user=replicator sslmode=verify-full sslrootcert=/run/secrets/tls/ca.crt"
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  until pg_isready --quiet --host=postgres; do sleep 2; done
  # A copy that broke off is begun anew.
  rm -rf "${PGDATA:?}"
  pg_basebackup --pgdata="$PGDATA" --dbname="$source" --slot=replica --wal-method=stream --checkpoint=fast
  touch "$PGDATA/standby.signal"
  chmod 0700 "$PGDATA"
fi
exec postgres -c config_file=/etc/postgresql/postgresql.conf -c primary_slot_name=replica \
  -c primary_conninfo="$source"
