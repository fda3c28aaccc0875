# API and live-event servers: the service without neural networks. Build from the repository's root:
#   docker build -f deploy/images/api.Dockerfile --build-arg VERSION=0.1.0 --build-arg REVISION="$(git rev-parse HEAD)" .
# Run with a read-only root; /tmp has to be writable and holds uploads on their way to the store (500 MB each at most).
FROM python:3.11.14-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /build
COPY deploy/images/build.lock deploy/images/api.lock ./
RUN python -m venv tools \
 && tools/bin/pip install --require-hashes --requirement build.lock \
 && python -m venv --without-pip /opt/genesis \
 && tools/bin/pip --python /opt/genesis install --no-deps --require-hashes --requirement api.lock
COPY pyproject.toml README.md LICENSE NOTICE ./
COPY src src
RUN tools/bin/pip wheel --no-build-isolation --no-deps --wheel-dir dist . \
 && tools/bin/pip --python /opt/genesis install --no-deps --no-index dist/*.whl

FROM python:3.11.14-slim-bookworm
ARG VERSION
ARG REVISION
LABEL org.opencontainers.image.title="genesis-api" \
      org.opencontainers.image.description="Genesis Music: API and live events" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.base.name="docker.io/library/python:3.11.14-slim-bookworm" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
RUN groupadd --gid 10001 genesis \
 && useradd --uid 10001 --gid 10001 --home-dir /tmp --no-create-home --shell /usr/sbin/nologin genesis
COPY --from=build /opt/genesis /opt/genesis
ENV PATH=/opt/genesis/bin:$PATH HOME=/tmp PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 GENESIS_MODE=production
USER 10001:10001
WORKDIR /tmp
EXPOSE 8000 9464
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
  CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/health/live', timeout=4)"]
ENTRYPOINT ["genesis"]
CMD ["serve", "--host", "0.0.0.0", "--port", "8000"]
