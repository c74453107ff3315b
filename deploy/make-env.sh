#!/bin/sh
# Choose the split deployment of docker-compose.yml and create its passwords: sh deploy/make-env.sh, once, in the checkout.
# They are written to .env, readable by you only; existing lines are kept.
set -eu
umask 077
file=${1:-.env}

secret() {
    head -c 24 /dev/urandom | od -An -tx1 | tr -d ' \n'
}

if [ -e "$file" ] && grep -q '^HEADLAND_POSTGRES_PASSWORD=' "$file"; then
    echo "$file already has passwords. The databases use those of their first start: new passwords would not be accepted." >&2
    exit 1
fi
cat >>"$file" <<END
COMPOSE_PROFILES=split
HEADLAND_STATION_COUNT=0
HEADLAND_POSTGRES_PASSWORD=$(secret)
HEADLAND_INFLUX_PASSWORD=$(secret)
HEADLAND_INFLUX_TOKEN=$(secret)
HEADLAND_WORKER_TOKEN=$(secret)
END
chmod 600 "$file"
echo "Wrote $file. Keep a copy with the backups, then run: docker-compose up --build" >&2
