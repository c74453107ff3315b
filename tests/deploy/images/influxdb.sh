#!/bin/bash
# InfluxDB 1.6 where the compose file has 2.7: nginx gives it the write path of 2.x, and refuses all but the token.
set -eu
if [ -z "${DOCKER_INFLUXDB_INIT_ADMIN_TOKEN:-}" ]; then
    echo "DOCKER_INFLUXDB_INIT_ADMIN_TOKEN is empty" >&2
    exit 1
fi
cat >/tmp/influxdb.conf <<END
reporting-disabled = true
bind-address = "127.0.0.1:8088"
[meta]
dir = "/var/lib/influxdb2/meta"
[data]
dir = "/var/lib/influxdb2/data"
wal-dir = "/var/lib/influxdb2/wal"
query-log-enabled = false
[monitor]
store-enabled = false
[http]
bind-address = "127.0.0.1:8087"
log-enabled = false
[continuous_queries]
enabled = false
END
cat >/tmp/nginx.conf <<END
daemon off;
worker_processes 1;
pid /tmp/nginx.pid;
error_log stderr warn;
events { worker_connections 64; }
http {
  access_log off;
  client_max_body_size 64m;
  client_body_temp_path /tmp/body;
  proxy_temp_path /tmp/proxy;
  fastcgi_temp_path /tmp/fastcgi;
  uwsgi_temp_path /tmp/uwsgi;
  scgi_temp_path /tmp/scgi;
  map_hash_bucket_size 128;
  map \$arg_precision \$v1_precision { default n; ns n; us u; ms ms; s s; }
  map \$http_authorization \$is_owner { default 0; "Token $DOCKER_INFLUXDB_INIT_ADMIN_TOKEN" 1; }
  server {
    listen 8086;
    location = /ping { proxy_pass http://127.0.0.1:8087; }
    location = /api/v2/write {
      if (\$is_owner = 0) { return 401; }
      set \$args "db=\$arg_bucket&precision=\$v1_precision";
      rewrite ^ /write break;
      proxy_pass http://127.0.0.1:8087;
    }
    location / {
      if (\$is_owner = 0) { return 401; }
      proxy_pass http://127.0.0.1:8087;
    }
  }
}
END
influxd -config /tmp/influxdb.conf &
nginx -c /tmp/nginx.conf &
trap 'kill %1 %2' TERM
wait -n
kill %1 %2 || true
exit 1
