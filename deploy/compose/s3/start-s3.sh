#!/bin/sh
# The S3 server: objects are encrypted on the disk (SSE-S3) with keys that this one key encrypts. Without it they are lost.
set -eu
: "${SECRETS_DIR:=/run/secrets}" "${DATA_DIR:=/data}" "${S3_PORT:=8333}" "${WEED:=weed}" "${MASTER_ADDRESS:=127.0.0.1:9333.19333}"
: "${BUCKET:=genesis-files}"
WEED_S3_SSE_KEK=$(cat "$SECRETS_DIR/s3_encryption_key")
export WEED_S3_SSE_KEK

# The service's keys may do everything in its bucket and nothing beside it: the bucket is made here.
make_bucket() {
  until echo "s3.bucket.list" | "$WEED" shell -master="$MASTER_ADDRESS" 2>/dev/null | grep -q "$BUCKET"; do
    echo "s3.bucket.create -name $BUCKET" | "$WEED" shell -master="$MASTER_ADDRESS" >/dev/null 2>&1 || true
    sleep 1
  done
}
make_bucket &

# Only the S3 gateway asks who is there: everything else listens to this container alone.
exec "$WEED" server -dir="$DATA_DIR" -ip=127.0.0.1 -ip.bind=127.0.0.1 -filer -s3 -s3.ip.bind=0.0.0.0 -s3.port="$S3_PORT" \
  -s3.config="$SECRETS_DIR/s3_accounts.json" -s3.port.iceberg=0 -s3.port.lance=0 -master.telemetry=false \
  -master.volumeSizeLimitMB=1024 -volume.max=0 "$@"
