# The perimeter: nginx with the built web application. Build from the repository's root:
#   docker build -f deploy/images/web.Dockerfile --build-arg VERSION=0.1.0 --build-arg REVISION="$(git rev-parse HEAD)" .
# Run with a read-only root, /tmp writable (a few MB), and the certificate in /etc/nginx/tls.
FROM node:20.19.5-bookworm-slim AS build
WORKDIR /build/web
COPY web/package.json web/package-lock.json web/.npmrc ./
RUN npm ci --no-audit --no-fund
COPY web ./
COPY examples/morning-porch.ogg static/example/
COPY deploy/nginx/inline-scripts.mjs /build/
RUN npm run build \
 && node /build/inline-scripts.mjs build >/build/inline-scripts

FROM nginxinc/nginx-unprivileged:1.28.2-alpine
ARG VERSION
ARG REVISION
LABEL org.opencontainers.image.title="genesis-web" \
      org.opencontainers.image.description="Genesis Music: nginx and the web application" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.base.name="docker.io/nginxinc/nginx-unprivileged:1.28.2-alpine" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
COPY deploy/nginx /etc/nginx/genesis
COPY --from=build /build/web/build /usr/share/genesis/web
COPY --from=build /build/inline-scripts /usr/share/genesis/inline-scripts
USER 10001:10001
EXPOSE 8080 8443
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s --retries=3 \
  CMD ["wget", "-q", "-O", "/dev/null", "http://127.0.0.1:8080/health/nginx"]
# NGINX has to end what it began (QUIT) rather than at once (TERM).
STOPSIGNAL SIGQUIT
ENTRYPOINT ["/etc/nginx/genesis/start.sh"]
CMD []
