"""Certificates for a test, made by openssl: an authority, the broker's, a gateway's and one of a stranger."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.machine import find_program


def make_certificates(folder: Path, gateway: str) -> None:
    """Write `ca`, `broker`, `gateway` (named `gateway`), `other-ca` and `stranger` as `.pem` and `.key`."""
    _make_authority(folder, "ca")
    _make_authority(folder, "other-ca")
    _sign(folder, "broker", "localhost", "ca")
    _sign(folder, "gateway", gateway, "ca")
    _sign(folder, "stranger", gateway, "other-ca")


def _make_authority(folder: Path, name: str) -> None:
    key, pem = folder / f"{name}.key", folder / f"{name}.pem"
    _openssl("req", "-x509", *_NEW_KEY, "-keyout", key, "-out", pem, "-days", "2", "-subj", f"/CN={name}")


def _sign(folder: Path, name: str, subject: str, authority: str) -> None:
    key, request, pem = (folder / f"{name}.{ending}" for ending in ("key", "csr", "pem"))
    extensions = folder / f"{name}.ext"
    extensions.write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
    _openssl("req", *_NEW_KEY, "-keyout", key, "-out", request, "-subj", f"/CN={subject}")
    _openssl(
        "x509", "-req", "-in", request, "-CA", folder / f"{authority}.pem", "-CAkey", folder / f"{authority}.key",
        "-CAcreateserial", "-days", "2", "-extfile", extensions, "-out", pem,
    )  # fmt: skip


_NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")


def _openssl(*words: str | Path) -> None:
    program = find_program("openssl")
    assert program is not None, "openssl is not on this machine: mark the test with pytest.mark.services"
    subprocess.run([program, *map(str, words)], check=True, capture_output=True)
