# syntax=docker/dockerfile:1
# Backups: PostgreSQL's own programs and deploy/backup. Built from the root of the repository:
#   docker build --file deploy/backup/backup.Dockerfile --tag genesis-backup .
# The major version must be that of the servers: pg_basebackup refuses a newer one, and a restored folder another one.
ARG POSTGRES=postgres:17.6-bookworm

FROM ${POSTGRES} AS packages
SHELL ["/bin/bash", "-euo", "pipefail", "-c"]
# hadolint ignore=DL3008
RUN apt-get update && apt-get install --yes --no-install-recommends python3-venv && rm -rf /var/lib/apt/lists/*
COPY deploy/backup/requirements.lock /requirements.lock
RUN python3 -m venv /opt/backup && /opt/backup/bin/pip install --no-cache-dir --require-hashes --requirement /requirements.lock

FROM ${POSTGRES}
SHELL ["/bin/bash", "-euo", "pipefail", "-c"]
# hadolint ignore=DL3008
RUN apt-get update && apt-get install --yes --no-install-recommends python3 && rm -rf /var/lib/apt/lists/* \
  && useradd --uid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin genesis \
  && install --directory --owner=10001 --group=10001 --mode=0700 /var/lib/genesis-backup
COPY --from=packages /opt/backup /opt/backup
COPY src/genesis_music /app/genesis_music
COPY deploy/backup /app/deploy/backup
COPY --chmod=0755 deploy/backup/genesis-backup /usr/local/bin/genesis-backup
# Each command is also a program of its own, for schedules that name programs.
RUN for command in archive-wal backup-bucket backup-database restore; do \
  ln -s genesis-backup "/usr/local/bin/$command"; done
ENV PYTHONPATH=/app PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
# Restoring a database runs as the user of PostgreSQL (999), whom the folder has to belong to: --user 999.
USER 10001:10001
VOLUME ["/var/lib/genesis-backup"]
ENTRYPOINT ["genesis-backup"]
CMD ["--help"]
