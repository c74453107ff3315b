"""A real InfluxDB 1.x on a free loopback port, behind nginx, which gives it the path that clients of 2.x write to."""

from __future__ import annotations

import hashlib
import os
import subprocess
from pathlib import Path
from urllib.error import URLError
from urllib.request import Request, urlopen

from tests.machine import find_program
from tests.ports import find_free_port
from tests.waiting import wait_until

_INFLUXD = """
reporting-disabled = true
bind-address = "127.0.0.1:{rpc_port}"
[meta]
dir = "{folder}/meta"
logging-enabled = false
[data]
dir = "{folder}/data"
wal-dir = "{folder}/wal"
query-log-enabled = false
[monitor]
store-enabled = false
[http]
bind-address = "127.0.0.1:{port}"
auth-enabled = {auth}
log-enabled = false
flux-enabled = false
[continuous_queries]
enabled = false
[logging]
level = "warn"
"""

# InfluxDB 1.6 takes precision=us without a word and reads it as nanoseconds: only what it knows is passed on.
_NGINX = """
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/nginx-error.log warn;
{user}
events {{ worker_connections 64; }}
http {{
  access_log off;
  client_max_body_size 64m;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  map $arg_precision $v1_precision {{ default n; ns n; us u; ms ms; s s; }}
  server {{
    listen 127.0.0.1:{listen_port};
    location = /api/v2/write {{
      set $args "db=$arg_bucket&precision=$v1_precision";
      rewrite ^ /write break;
      proxy_pass http://127.0.0.1:{port};
    }}
    location / {{ proxy_pass http://127.0.0.1:{port}; }}
  }}
}}
"""


class InfluxServer:
    """influxd and its nginx with files of their own in `folder`. `kill` is SIGKILL of influxd; nginx goes on."""

    host = "127.0.0.1"

    def __init__(self, folder: Path, *, auth: bool = False) -> None:
        self.port = find_free_port()
        self._influx_port = find_free_port()
        self._folder = folder
        self._influxd: subprocess.Popen[bytes] | None = None
        self._nginx: subprocess.Popen[bytes] | None = None
        folder.mkdir(parents=True, exist_ok=True)
        # nginx gives up root for its worker, which must still reach its folders.
        settings = {
            "folder": folder,
            "port": self._influx_port,
            "rpc_port": find_free_port(),
            "listen_port": self.port,
            "auth": str(auth).lower(),
            "user": "user root;" if os.geteuid() == 0 else "",
        }
        (folder / "influxdb.conf").write_text(_INFLUXD.format(**settings), encoding="utf-8")
        (folder / "nginx.conf").write_text(_NGINX.format(**settings), encoding="utf-8")

    def url(self, bucket: str, *, login: str = "", more: str = "") -> str:
        """Return the store's URL of a bucket."""
        return f"influx+http://{login}{self.host}:{self.port}/{bucket}{more}"

    def url_of(self, folder: Path) -> str:
        """Return the URL of a bucket that stands for a folder: the same one for the same folder."""
        return self.url("t" + hashlib.blake2b(str(folder).encode(), digest_size=8).hexdigest())

    @property
    def pid(self) -> int:
        """The process that keeps the samples."""
        assert self._influxd is not None
        return self._influxd.pid

    def start(self) -> None:
        """Start both and wait until they answer."""
        influxd, nginx = find_program("influxdb"), find_program("nginx")
        assert influxd is not None, "InfluxDB is not on this machine: mark the test with pytest.mark.services"
        assert nginx is not None, "nginx is not on this machine: mark the test with pytest.mark.services"
        self._influxd = self._run([influxd, "-config", str(self._folder / "influxdb.conf")], "influxd.log")
        if self._nginx is None:
            config = str(self._folder / "nginx.conf")
            self._nginx = self._run([nginx, "-p", str(self._folder), "-c", config], "nginx.log")
        wait_until(self._answers)

    def kill(self) -> None:
        """End influxd with SIGKILL; a second call does nothing."""
        process, self._influxd = self._influxd, None
        if process is not None:
            process.kill()
            process.wait(120)

    def close(self) -> None:
        """End both."""
        self.kill()
        process, self._nginx = self._nginx, None
        if process is not None:
            process.terminate()
            process.wait(120)

    def post(self, path: str, body: bytes = b"") -> bytes:
        """Say something to influxd itself."""
        request = Request(f"http://{self.host}:{self._influx_port}{path}", data=body, method="POST")
        with urlopen(request, timeout=120) as answer:
            return bytes(answer.read())

    def _run(self, command: list[str], log_name: str) -> subprocess.Popen[bytes]:
        with (self._folder / log_name).open("ab") as log:
            return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def _answers(self) -> bool:
        for process, log_name in ((self._influxd, "influxd.log"), (self._nginx, "nginx.log")):
            assert process is not None
            assert process.poll() is None, (self._folder / log_name).read_text(encoding="utf-8", errors="replace")
        try:
            with urlopen(f"http://{self.host}:{self.port}/ping", timeout=1):
                return True
        except (URLError, OSError):
            return False
