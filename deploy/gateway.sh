#!/bin/sh
# Run the gateway with the password that the broker created for it.
set -eu
HEADLAND_BROKER_PASSWORD=$(cat /run/headland/gw-1/password)
export HEADLAND_BROKER_PASSWORD
exec headland edge run -c /etc/headland/edge.toml
