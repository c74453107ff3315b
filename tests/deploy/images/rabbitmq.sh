#!/bin/sh
# RabbitMQ with the logins that deploy/broker.sh would make, and access rights as in deploy/mosquitto.acl.
set -eu
umask 077
python3 /etc/headland/rabbitmq.py /run/headland /tmp/definitions.json
export HOME=/var/lib/rabbitmq RABBITMQ_NODENAME=rabbit@localhost RABBITMQ_CONFIG_FILE=/etc/headland/rabbitmq.conf
export RABBITMQ_ENABLED_PLUGINS_FILE=/etc/headland/enabled_plugins RABBITMQ_MNESIA_BASE=/var/lib/rabbitmq/mnesia
export RABBITMQ_LOG_BASE=/tmp RABBITMQ_LOGS=- RABBITMQ_PID_FILE=/tmp/rabbitmq.pid
exec rabbitmq-server
