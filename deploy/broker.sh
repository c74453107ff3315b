#!/bin/sh
# At the first start create the logins of ingest and of the gateway, each in a volume that only its user mounts; then run
# the broker. Other logins in the password file are kept.
set -eu
umask 077
passwords=${HEADLAND_BROKER_PASSWORDS:-/var/lib/mosquitto/passwd}
logins=${HEADLAND_BROKER_LOGINS:-/run/headland}

touch "$passwords"
for user in ingest gw-1; do
    secret="$logins/$user/password"
    [ -s "$secret" ] || head -c 24 /dev/urandom | base64 >"$secret"
    mosquitto_passwd -b "$passwords" "$user" "$(cat "$secret")"
done
exec mosquitto -c "${HEADLAND_BROKER_CONFIG:-/etc/headland/mosquitto.conf}"
