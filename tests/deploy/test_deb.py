"""Debian's package of a gateway: scripts that sh reads, a unit with Debian's paths, modules of several Pythons.

That it installs, upgrades and is purged on bare Debian systems is `make deb-test`.
"""

from __future__ import annotations

import re
import sqlite3
import subprocess
from pathlib import Path

import pytest

from deploy.debian.build import PYTHONS, ROOT, DifferentFilesError, merge, own_files, unit_text
from tests.floors.test_locks import _pins

DEBIAN = ROOT / "deploy" / "debian"


@pytest.mark.parametrize("name", ["postinst", "prerm", "postrm", "rtupdate"])
def test_sh_can_read_a_script(name: str) -> None:
    done = subprocess.run(["sh", "-n", str(DEBIAN / name)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_unit_is_the_one_of_servers_with_debians_command() -> None:
    unit = unit_text()
    assert "ExecStart=/usr/bin/headland edge run -c /etc/headland/edge.toml" in unit
    assert "/opt" not in unit
    # The folder of the certificate, which the gateway renews, and that of its spool are all that it can write.
    assert re.findall(r"(?m)^(?:ReadWritePaths|StateDirectory)=(.*)$", unit) == ["headland/edge", "-/etc/headland"]


def test_modules_for_several_pythons_lie_side_by_side(tmp_path: Path) -> None:
    whole = tmp_path / "whole"
    for python in PYTHONS:
        part = tmp_path / python
        for name in ("p/__init__.py", f"p/core.cpython-{python.replace('.', '')}.so", "bin/p", "p-1.dist-info/RECORD"):
            (part / name).parent.mkdir(parents=True, exist_ok=True)
            (part / name).write_text("" if name.endswith(".py") else python)
        merge(part, whole)
    found = sorted(path.relative_to(whole).as_posix() for path in whole.rglob("*") if path.is_file())
    assert found == ["p/__init__.py", *(f"p/core.cpython-{python.replace('.', '')}.so" for python in PYTHONS)]
    (tmp_path / PYTHONS[0] / "p" / "__init__.py").write_text("other")
    with pytest.raises(DifferentFilesError, match="__init__"):
        merge(tmp_path / PYTHONS[0], whole)


def test_the_package_has_the_manual_and_the_completions_of_the_wheel(tmp_path: Path) -> None:
    from docs.generator.manual import write_manual

    write_manual(tmp_path, "1.2.3")
    files = {str(path) for path in own_files("1.2.3", tmp_path, "notices")}
    assert {"usr/share/man/man1/headland-edge.1.gz", "usr/share/zsh/vendor-completions/_headland"} <= files
    assert "usr/share/bash-completion/completions/headland" in files


def test_the_gateways_lock_has_the_versions_of_the_developers_and_no_numpy() -> None:
    gateway, dev = _pins(ROOT / "requirements" / "gateway.lock"), _pins(ROOT / "requirements" / "dev.lock")
    assert {name: pin for name, pin in gateway.items() if dev.get(name) != pin} == {}
    assert {"paho-mqtt", "cryptography", "pyulog"} < set(gateway)
    assert "numpy" not in gateway


@pytest.mark.parametrize(("records", "stays"), [(0, False), (2, True), (None, True)])
def test_purging_keeps_a_spool_that_holds_records_or_cannot_be_read(
    tmp_path: Path, records: int | None, stays: bool
) -> None:
    root = tmp_path / "root"
    spool = root / "var/lib/headland/edge/spool.sqlite"
    spool.parent.mkdir(parents=True)
    (root / "etc/headland").mkdir(parents=True)
    (spool.parent / "damaged.sqlite").touch()
    if records is None:
        spool.write_bytes(b"no database")
    else:
        connection = sqlite3.connect(spool)
        connection.execute("create table records (seq integer)")
        connection.executemany("insert into records values (?)", [(number,) for number in range(records)])
        connection.commit()
        connection.close()
    # The script with its folders below a root of its own, and without the programs of a real system.
    script = re.sub(r"/(etc|var)/", rf"{root}/\1/", (DEBIAN / "postrm").read_text()).replace("/run/systemd", "/nowhere")
    script = script.replace("command -v deb-systemd-helper", "false")
    done = subprocess.run(["sh", "-s", "purge"], input=script, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert (spool.exists(), (root / "etc/headland").exists()) == (stays, False)
    assert ("is kept" in done.stderr) == stays
