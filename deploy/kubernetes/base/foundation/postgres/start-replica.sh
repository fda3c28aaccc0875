#!/bin/bash
# Copies the primary when there is no copy yet, and follows it.
set -euo pipefail
: "${PGDATA:?the folder of the replica}" "${PRIMARY:=host=postgres port=5432}" "${CONFIG:=/etc/postgresql/postgresql.conf}"
# In the environment and not among the data: a changed password is taken at the next start.
PGPASSWORD=$(cat "${SECRETS_DIR:-/run/secrets}/replication_password")
export PGPASSWORD
source="$PRIMARY user=replicator"
if [ ! -e "$PGDATA/standby.signal" ]; then
  rm -rf "${PGDATA:?}" # a copy that broke off is begun anew
  pg_basebackup --pgdata="$PGDATA" --dbname="$source" --slot=replica --wal-method=stream --checkpoint=fast
  touch "$PGDATA/standby.signal"
fi
exec postgres -D "$PGDATA" -c config_file="$CONFIG" -c primary_slot_name=replica -c primary_conninfo="$source" "$@"
