# Backups: PostgreSQL's own programs and deploy/backup. Build from the repository's root:
#   docker build -f deploy/backup/backup.Dockerfile --build-arg VERSION=0.1.0 --build-arg REVISION="$(git rev-parse HEAD)" .
# The major version must be that of the servers: a restored folder is theirs alone.
FROM postgres:17.11-bookworm AS build
# hadolint ignore=DL3008
RUN apt-get update && apt-get install --yes --no-install-recommends python3-venv && rm -rf /var/lib/apt/lists/*
COPY deploy/backup/requirements.lock /requirements.lock
RUN python3 -m venv /opt/tools \
 && python3 -m venv --without-pip /opt/backup \
 && /opt/tools/bin/pip --python /opt/backup install --no-cache-dir --no-deps --require-hashes --requirement /requirements.lock

FROM postgres:17.11-bookworm
ARG VERSION
ARG REVISION
LABEL org.opencontainers.image.title="genesis-backup" \
      org.opencontainers.image.description="Genesis Music: backup and restore" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.base.name="docker.io/library/postgres:17.11-bookworm" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
# hadolint ignore=DL3008
RUN apt-get update && apt-get install --yes --no-install-recommends python3 && rm -rf /var/lib/apt/lists/* \
 && groupadd --gid 10001 genesis \
 && useradd --uid 10001 --gid 10001 --home-dir /tmp --no-create-home --shell /usr/sbin/nologin genesis \
 && install --directory --owner=10001 --group=10001 --mode=0700 /var/lib/genesis-backup
COPY --from=build /opt/backup /opt/backup
COPY src/genesis_music /app/genesis_music
COPY deploy/backup /app/deploy/backup
COPY --chmod=0755 deploy/backup/genesis-backup /usr/local/bin/genesis-backup
# Each command is also a program of its own, for schedules that name programs.
RUN for command in archive-wal backup-bucket backup-database restore; do \
    ln -s genesis-backup "/usr/local/bin/$command"; done
ENV PATH=/opt/backup/bin:$PATH PYTHONPATH=/app HOME=/tmp PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
# A restored folder has to be given to PostgreSQL's own user (999) before it is started on it: docs/operations/backup.md.
USER 10001:10001
WORKDIR /tmp
EXPOSE 9464
# For archive-wal, which runs always; the other commands end.
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=4 \
  CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:9464/metrics', timeout=4)"]
ENTRYPOINT ["genesis-backup"]
CMD ["archive-wal"]
