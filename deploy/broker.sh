#!/bin/sh
# At the first start create the logins of ingest, the gateway and Home Assistant, and the secret and key of commit acks, each in a
# volume that only its user mounts; then run the broker. Other logins in the password file are kept.
set -eu
umask 077
passwords=${HEADLAND_BROKER_PASSWORDS:-/var/lib/mosquitto/passwd}
logins=${HEADLAND_BROKER_LOGINS:-/run/headland}

touch "$passwords"
for user in ingest gw-1 home-assistant; do
    secret="$logins/$user/password"
    [ -s "$secret" ] || head -c 24 /dev/urandom | base64 >"$secret"
    mosquitto_passwd -b "$passwords" "$user" "$(cat "$secret")"
done
# Ingest signs its commit acks; the gateway has the key for its own name.
[ -s "$logins/ingest/ack-secret" ] || head -c 24 /dev/urandom | base64 >"$logins/ingest/ack-secret"
python3 - "$logins/ingest/ack-secret" gw-1 >"$logins/gw-1/ack-key" <<'END'
import hashlib, hmac, pathlib, sys
secret = pathlib.Path(sys.argv[1]).read_text().strip()
print(hmac.new(secret.encode(), b"commit ack key of Headland 1\n" + sys.argv[2].encode(), hashlib.sha256).hexdigest())
END
exec mosquitto -c "${HEADLAND_BROKER_CONFIG:-/etc/headland/mosquitto.conf}"
