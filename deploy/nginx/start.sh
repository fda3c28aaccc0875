#!/bin/sh
# Writes nginx's configuration for this installation and starts it in the foreground.
#   start.sh         needs the variables below; one that is missing or senseless ends the start with its name
#   start.sh check   only writes and checks
set -eu

wrong() {
  echo "nginx cannot start: $1: $2" >&2
  exit 1
}
# Values go into nginx's configuration: they must not be able to say more than they should.
must_match() { # NAME value pattern what-it-should-be
  [ "$(printf '%s\n' "$2" | grep -Ecvx "$3")" = 0 ] || wrong "$1" "$4"
}

: "${GENESIS_PUBLIC_URL:?where users reach the service: https://tabs.example.org}"
: "${API_SERVERS:?the API servers: api:8000, or several with spaces between them}"
: "${SOCKET_SERVERS:?the servers of live events: sockets:8000, or several with spaces between them}"
: "${STORAGE_ORIGIN?where browsers fetch recordings: https://bucket.example.org, or empty when the API sends them}"
: "${GENESIS_MAX_UPLOAD_BYTES:=524288000}" # config.py's default
: "${GENESIS_WEB_SENTRY_DSN:=}" "${GENESIS_ANALYTICS_ID:=}"
: "${NGINX_TRUSTED_PROXIES:=}" # networks whose X-Forwarded-For is believed; the word cloudflare stands for Cloudflare's
: "${NGINX_CLIENT_CA:=}"       # only clients with a certificate of this authority are let in (Cloudflare's origin pulls)
: "${NGINX_RESOLVER:=}"        # DNS server that is asked again for the servers' names (needs nginx 1.27.3)
: "${STORAGE_SERVER:=}"        # the S3 server, where browsers reach it through here …
: "${STORAGE_BUCKET:=}"        # … under its bucket's name
: "${NGINX_PROCESSES:=2}" "${NGINX_HTTP_PORT:=8080}" "${NGINX_HTTPS_PORT:=8443}"
: "${NGINX_TLS_CERTIFICATE:=/etc/nginx/tls/tls.crt}" "${NGINX_TLS_KEY:=/etc/nginx/tls/tls.key}"
: "${WEB_ROOT:=/usr/share/genesis/web}" "${INLINE_SCRIPTS:=/usr/share/genesis/inline-scripts}"
: "${NGINX_RUN_DIR:=/tmp/nginx}" "${NGINX_TEMPLATES:=$(cd "$(dirname "$0")" && pwd)}"

name='[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?'
origin="https?://$name(:[0-9]+)?"
server="($name|\[[0-9a-f:]+\]):[0-9]+"
must_match GENESIS_PUBLIC_URL "$GENESIS_PUBLIC_URL" "https://$name(:[0-9]+)?" 'an address like https://tabs.example.org'
must_match API_SERVERS "$API_SERVERS" "$server( $server)*" 'servers with their ports, like api:8000'
must_match SOCKET_SERVERS "$SOCKET_SERVERS" "$server( $server)*" 'servers with their ports, like sockets:8000'
must_match STORAGE_ORIGIN "$STORAGE_ORIGIN" "($origin)?" 'an origin like https://bucket.example.org, or empty'
must_match STORAGE_SERVER "$STORAGE_SERVER" "($server)?" 'a server with its port, like s3:8333, or empty'
must_match STORAGE_BUCKET "$STORAGE_BUCKET" '([a-z0-9][a-z0-9.-]+)?' "a bucket's name, or empty"
must_match GENESIS_MAX_UPLOAD_BYTES "$GENESIS_MAX_UPLOAD_BYTES" '[1-9][0-9]*' 'a number of bytes'
must_match GENESIS_ANALYTICS_ID "$GENESIS_ANALYTICS_ID" '(G-[A-Z0-9]{4,20})?' 'a measurement id like G-AB12CD34EF, or empty'
must_match GENESIS_WEB_SENTRY_DSN "$GENESIS_WEB_SENTRY_DSN" '(https?://[^[:space:];,"{}$]+)?' 'a DSN of Sentry, or empty'
must_match NGINX_TRUSTED_PROXIES "$NGINX_TRUSTED_PROXIES" '(cloudflare|[0-9a-f.:/ ])*' 'networks like 10.0.0.0/8, or cloudflare'
must_match NGINX_RESOLVER "$NGINX_RESOLVER" "($name|\[[0-9a-f:]+\])?" 'the address of a DNS server, or empty'
[ -z "$STORAGE_SERVER" ] || [ -n "$STORAGE_BUCKET" ] || wrong STORAGE_BUCKET 'the bucket whose files STORAGE_SERVER sends'
[ -r "$NGINX_TLS_CERTIFICATE" ] || wrong NGINX_TLS_CERTIFICATE "there is no certificate at $NGINX_TLS_CERTIFICATE"
[ -r "$NGINX_TLS_KEY" ] || wrong NGINX_TLS_KEY "there is no key at $NGINX_TLS_KEY"
[ -z "$NGINX_CLIENT_CA" ] || [ -r "$NGINX_CLIENT_CA" ] || wrong NGINX_CLIENT_CA "there is no certificate at $NGINX_CLIENT_CA"
[ -r "$WEB_ROOT/200.html" ] || wrong WEB_ROOT "there is no built web application (200.html) in $WEB_ROOT"
[ -r "$INLINE_SCRIPTS" ] || wrong INLINE_SCRIPTS "there are no hashes of the page's scripts at $INLINE_SCRIPTS"

mkdir -p "$NGINX_RUN_DIR"
cp "$NGINX_TEMPLATES"/*.conf "$NGINX_RUN_DIR"

upstream() {
  for one in $1; do
    echo "server $one max_fails=2 fail_timeout=5s${NGINX_RESOLVER:+ resolve};"
  done
}
PAGE_SCRIPTS=$(cat "$INLINE_SCRIPTS")
SENTRY_ORIGIN=$(printf '%s' "$GENESIS_WEB_SENTRY_DSN" | sed -E 's#^(https?://)([^@/]*@)?([^/]+).*#\1\3#')
SERVER_NAME=$(printf '%s' "$GENESIS_PUBLIC_URL" | sed -E 's#^https://([^:]+).*#\1#')
MAX_UPLOAD_BODY_BYTES=$((GENESIS_MAX_UPLOAD_BYTES + 1048576)) # the form around the file, as in the service
RESOLVER_LINE=${NGINX_RESOLVER:+"resolver $NGINX_RESOLVER valid=5s;"}
API_UPSTREAM=$(upstream "$API_SERVERS")
SOCKET_UPSTREAM=$(upstream "$SOCKET_SERVERS")
export NGINX_PROCESSES NGINX_HTTP_PORT NGINX_HTTPS_PORT NGINX_RUN_DIR NGINX_TLS_CERTIFICATE \
  NGINX_TLS_KEY GENESIS_PUBLIC_URL GENESIS_ANALYTICS_ID STORAGE_ORIGIN STORAGE_SERVER STORAGE_BUCKET WEB_ROOT \
  PAGE_SCRIPTS SENTRY_ORIGIN SERVER_NAME MAX_UPLOAD_BODY_BYTES RESOLVER_LINE API_UPSTREAM SOCKET_UPSTREAM

# Fills in what the template names in ${CAPITALS}, and nothing else: nginx has variables of its own.
fill_in() {
  # shellcheck disable=SC2016  # names for envsubst, not values
  envsubst '${NGINX_PROCESSES} ${NGINX_HTTP_PORT} ${NGINX_HTTPS_PORT} ${NGINX_RUN_DIR} ${NGINX_TLS_CERTIFICATE}
    ${NGINX_TLS_KEY} ${GENESIS_PUBLIC_URL} ${GENESIS_ANALYTICS_ID} ${STORAGE_ORIGIN}
    ${STORAGE_SERVER} ${STORAGE_BUCKET} ${WEB_ROOT} ${PAGE_SCRIPTS} ${SENTRY_ORIGIN} ${SERVER_NAME}
    ${MAX_UPLOAD_BODY_BYTES} ${RESOLVER_LINE} ${API_UPSTREAM} ${SOCKET_UPSTREAM}' <"$NGINX_TEMPLATES/$1.template"
}
networks() {
  for one in $NGINX_TRUSTED_PROXIES; do
    if [ "$one" = cloudflare ]; then grep -v '^#' "$NGINX_TEMPLATES/cloudflare-networks.txt"; else echo "$one"; fi
  done
}
networks | sed 's/.*/set_real_ip_from &;/' >"$NGINX_RUN_DIR/trusted-proxies.conf"
{ [ -z "$NGINX_CLIENT_CA" ] || printf 'ssl_client_certificate %s;\nssl_verify_client on;\n' "$NGINX_CLIENT_CA"; } \
  >"$NGINX_RUN_DIR/client-certificates.conf"
{ [ -z "$STORAGE_SERVER" ] || fill_in storage.conf; } >"$NGINX_RUN_DIR/storage.conf"
fill_in page-policy.conf | sed -E 's/ +/ /g; s/ ;/;/g' >"$NGINX_RUN_DIR/page-policy.conf"
fill_in nginx.conf >"$NGINX_RUN_DIR/nginx.conf"

if [ "${1:-}" = check ]; then exec nginx -e stderr -q -t -c "$NGINX_RUN_DIR/nginx.conf"; fi
exec nginx -e stderr -c "$NGINX_RUN_DIR/nginx.conf" -g 'daemon off;'
