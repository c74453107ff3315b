#!/bin/sh
# Run the gateway with the password and the ack key that the broker created for it.
set -eu
HEADLAND_BROKER_PASSWORD=$(cat /run/headland/gw-1/password)
HEADLAND_ACK_KEY=$(cat /run/headland/gw-1/ack-key)
export HEADLAND_BROKER_PASSWORD HEADLAND_ACK_KEY
exec headland edge run -c /etc/headland/edge.toml
