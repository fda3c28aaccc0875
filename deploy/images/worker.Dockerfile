# A worker that transcribes on processors: the neural networks, and yt-dlp for links. Build from the repository's root:
#   docker build -f deploy/images/worker.Dockerfile --build-arg VERSION=0.1.0 --build-arg REVISION="$(git rev-parse HEAD)" .
# Run with a read-only root; /tmp has to be writable and holds the recording that is worked on (a few GB at most).
FROM python:3.11.14-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /build
COPY deploy/images/build.lock deploy/images/worker.lock ./
RUN python -m venv tools \
 && tools/bin/pip install --require-hashes --requirement build.lock \
 && python -m venv --without-pip /opt/genesis \
 && tools/bin/pip --python /opt/genesis install --no-deps --require-hashes --requirement worker.lock
COPY pyproject.toml README.md LICENSE NOTICE ./
COPY src src
RUN tools/bin/pip wheel --no-build-isolation --no-deps --wheel-dir dist . \
 && tools/bin/pip --python /opt/genesis install --no-deps --no-index dist/*.whl

FROM python:3.11.14-slim-bookworm
ARG VERSION
ARG REVISION
LABEL org.opencontainers.image.title="genesis-worker" \
      org.opencontainers.image.description="Genesis Music: worker" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.base.name="docker.io/library/python:3.11.14-slim-bookworm" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
RUN groupadd --gid 10001 genesis \
 && useradd --uid 10001 --gid 10001 --home-dir /tmp --no-create-home --shell /usr/sbin/nologin genesis
COPY --from=build /opt/genesis /opt/genesis
ENV PATH=/opt/genesis/bin:$PATH HOME=/tmp PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 GENESIS_MODE=production GENESIS_METRICS_PORT=9464
USER 10001:10001
WORKDIR /tmp
EXPOSE 9464
# Metrics are answered by the process itself: who is silent there is gone or hangs.
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s --retries=4 \
  CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:9464/metrics', timeout=4)"]
ENTRYPOINT ["genesis"]
CMD ["worker", "--queues", "cpu"]
