"""An authority of its own for a test, and certificates for this machine and for clients: made by openssl."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.machine import find_program


class Authority:
    """`ca` is its certificate; `issue` makes a certificate and its key."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self.ca = folder / "ca.pem"
        self._key = folder / "ca.key"
        _request(self._key, self.ca, "/CN=Test authority", "-addext", "keyUsage=critical,keyCertSign")

    def issue(self, name: str) -> tuple[Path, Path]:
        """Return certificate and key of `name`, good for localhost and 127.0.0.1."""
        cert, key = self._folder / f"{name}.pem", self._folder / f"{name}.key"
        hosts = "subjectAltName=DNS:localhost,IP:127.0.0.1"
        basic = "basicConstraints=critical,CA:FALSE"
        _request(key, cert, f"/CN={name}", "-CA", self.ca, "-CAkey", self._key, "-addext", hosts, "-addext", basic)
        return cert, key


def _request(key: Path, cert: Path, subject: str, *more: str | Path) -> None:
    program = find_program("openssl")
    assert program is not None
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-noenc"]
    line = [program, "req", "-x509", *curve, "-keyout", key, "-out", cert, "-days", "2", "-subj", subject, *more]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
