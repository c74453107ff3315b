"""Installation of a gateway's package on bare Debian systems: `make deb-test`, as root and with Debian in reach.

Proven for each system: five commands from nothing to the first stored sample; samples that wait survive the return to
an earlier version and the upgrade, and arrive once; removing keeps the spool, purging keeps it only where records wait.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from deploy.debian.build import PACKAGE, ROOT, build, project_version
from tests.ports import find_free_port
from tests.services.farm import Farm
from tests.waiting import wait_until

SYSTEMS: Final = ("bookworm", "trixie")
GATEWAY: Final = "barn"
SETTINGS: Final = "/etc/headland/edge.toml"
SPOOL: Final = "var/lib/headland/edge/spool.sqlite"
_FOLDER: Final = ROOT / "build" / "bare-debian"
#: No version was released yet: the commit that brought enrolment.
_BEFORE: Final = "c4d15bdf"
#: The epoch of the spool, and its newest record.
_NEWEST: Final = "select epoch, max(last_seq, (select coalesce(max(seq), 0) from records)) from state"
_SOURCE: Final = """
[[source]]
type = "modbus_tcp"
name = "house"
host = "127.0.0.1"
port = {port}
device = "gh-barn"
kind = "greenhouse"
poll_s = 1.0
registers = "greenhouse-sim.toml"
simulated = true
"""


class BareDebian:
    """A Debian system in a folder that has nothing but what every Debian has."""

    def __init__(self, system: str) -> None:
        self.root = _FOLDER / f"{system}-work"
        clean = _FOLDER / system
        if not (clean / "bin").exists():
            debootstrap = ["debootstrap", "--variant=minbase", system, str(clean)]
            subprocess.run(debootstrap, check=True, stdout=subprocess.DEVNULL)
        shutil.rmtree(self.root, ignore_errors=True)
        subprocess.run(["cp", "-a", str(clean), str(self.root)], check=True)
        for name in ("resolv.conf", "hosts"):
            shutil.copyfile(f"/etc/{name}", self.root / "etc" / name)
        self.run("apt-get", "update", "-qq")

    def line(self, *words: str) -> list[str]:
        """Return the command line that runs these words within the system, with a /proc of its own."""
        inner = 'mount -t proc proc "$0/proc"; exec chroot "$0" "$@"'
        own = ["unshare", "--mount", "--pid", "--fork", "--kill-child=TERM"]
        return [*own, "sh", "-c", inner, str(self.root), *words]

    def run(self, *words: str, user: str | None = None) -> str:
        """Run a command to its end and return what it printed; raises CalledProcessError."""
        environ = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}
        line = self.line(*(("runuser", "-u", user, "--", *words) if user else words))
        done = subprocess.run(line, env=environ, capture_output=True, text=True, check=False, timeout=600)
        if done.returncode != 0:
            print(done.stdout[-2000:] + done.stderr[-2000:], file=sys.stderr)
            done.check_returncode()
        return done.stdout + done.stderr

    def install(self, package: Path) -> None:
        """Install a package by apt, which gets from Debian what it needs; also an older one."""
        shutil.copyfile(package, self.root / "tmp" / package.name)
        options = ["-y", "-qq", "--no-install-recommends", "--allow-downgrades"]
        self.run("apt-get", "install", *options, f"/tmp/{package.name}")

    @contextmanager
    def gateway(self) -> Iterator[None]:
        """Run what the installed unit starts, as its user, as systemd would."""
        unit = (self.root / "usr/lib/systemd/system/headland-edge.service").read_text(encoding="utf-8")
        start = next(line for line in unit.splitlines() if line.startswith("ExecStart=")).partition("=")[2].split()
        user = next(line for line in unit.splitlines() if line.startswith("User=")).partition("=")[2]
        with (
            (self.root / "tmp" / "gateway.log").open("ab") as log,
            subprocess.Popen(
                self.line("runuser", "-u", user, "--", *start),
                env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HEADLAND_LOG": "INFO"},
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            ) as process,
        ):
            try:
                yield
            finally:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGTERM)

    def spool(self, question: str) -> Any:
        """Return the answer of the gateway's spool."""
        with closing(sqlite3.connect(f"file:{self.root / SPOOL}?mode=ro", uri=True, timeout=10)) as connection:
            return connection.execute(question).fetchone()

    def waiting(self) -> int:
        """Return how many records no station has committed."""
        return int(self.spool("select count(*) from records")[0])

    def wait_for_records(self, number: int) -> None:
        """Wait until the gateway has numbered so many records."""
        wait_until(lambda: self.spool(_NEWEST)[1] > number, 60)

    def empty_spool(self) -> None:
        """Delete what the gateway read between its last commit and its end: as if the station had it."""
        with closing(sqlite3.connect(self.root / SPOOL, timeout=10)) as connection:
            connection.execute("delete from records")
            connection.commit()


def prove(system: str, package: Path, earlier: Path, purges_empty: bool) -> None:
    """Prove one system; raises AssertionError and CalledProcessError."""
    debian = BareDebian(system)
    port, broker_port, modbus_port = find_free_port(), find_free_port(), find_free_port()
    folder = _FOLDER / f"{system}-farm"
    shutil.rmtree(folder, ignore_errors=True)
    enrols = ("--no-sim", "--port", str(port), "--listen", f"127.0.0.1:{broker_port}", "--enrol")
    farm = Farm(folder, *enrols)
    sensor = farm.start("sim", "greenhouse", "--port", str(modbus_port))
    try:
        farm.wait_ready()
        debian.install(package)  # 1
        given = farm.run("gateway", "code", GATEWAY, "--host", "localhost")  # 2
        url = farm.folder.read_state().api_url
        debian.run("headland", "edge", "enrol", url, given.stdout.split()[0], "--out", "/etc/headland")  # 3
        with (debian.root / SETTINGS[1:]).open("a", encoding="utf-8") as settings:  # 4
            settings.write(_SOURCE.format(port=modbus_port))
        print(debian.run("headland", "edge", "check", "-c", SETTINGS, user="headland").strip())
        with debian.gateway():  # 5
            farm.wait_until(lambda: any(one["id"] == "gh-barn" for one in farm.devices("greenhouse")), 60)
            farm.wait_until(lambda: farm.reached_ms("gh-barn", "air_temperature_degc"))
            print(f"{system}: the first sample is stored", flush=True)
            farm.stop()
            wait_until(lambda: debian.waiting() > 3, 60)
        assert "records wait" in debian.run("sh", "-c", f"headland edge status -c {SETTINGS} || true")
        for version in (earlier, package):
            before = debian.spool(_NEWEST)
            debian.install(version)
            assert debian.spool(_NEWEST) == before
            with debian.gateway():
                debian.wait_for_records(before[1] + 3)
            assert debian.spool("select epoch from state")[0] == before[0]
            print(f"{system}: {version.name} goes on with the spool, {debian.waiting()} records wait", flush=True)
        farm = Farm(folder, *enrols)
        farm.wait_ready()
        with debian.gateway():
            farm.wait_until(lambda: debian.waiting() == 0, 60)
            delivery = farm.get(f"/v1/gateways/{GATEWAY}/delivery")
            assert (delivery["loss"], delivery["lost"], len(delivery["epochs"])) == (0, [], 1), delivery
            print(f"{system}: everything arrived: {delivery['totals']}", flush=True)
            farm.stop()
            if not purges_empty:
                wait_until(lambda: debian.waiting() > 0, 60)
        if purges_empty:
            debian.empty_spool()
        debian.run("apt-get", "remove", "-y", "-qq", "headland-gateway")
        assert (debian.root / SPOOL).exists()
        said = debian.run("apt-get", "purge", "-y", "-qq", "headland-gateway")
        assert not (debian.root / "etc/headland").exists()
        assert (debian.root / SPOOL).exists() != purges_empty, said
        assert ("records that no station has committed" in said) != purges_empty, said
        print(f"{system}: purged, the spool is {'removed' if purges_empty else 'kept'}", flush=True)
    finally:
        sensor.kill()
        sensor.wait()
        if farm.process.poll() is None:
            farm.process.terminate()
            farm.process.wait(20)


def main(words: Sequence[str]) -> int:
    """Prove the systems that the words name, or all."""
    parser = argparse.ArgumentParser(prog="make deb-test", description=__doc__)
    parser.add_argument("system", nargs="*", default=SYSTEMS)
    parser.add_argument("--earlier", default=_BEFORE, help="revision to return to")
    parser.add_argument("--built", action="store_true", help="take the packages that the last call built")
    asked = parser.parse_args(words)
    _FOLDER.mkdir(parents=True, exist_ok=True)
    version = project_version(ROOT)
    package, earlier = (_FOLDER / f"{PACKAGE}_{one}_amd64.deb" for one in (version, f"{version}~earlier"))
    if not asked.built:
        build_both(package, earlier, asked.earlier)
    for index, system in enumerate(asked.system):
        prove(system, package, earlier, purges_empty=index % 2 == 1)
        shutil.rmtree(_FOLDER / f"{system}-work")
    return 0


def build_both(package: Path, earlier: Path, revision: str) -> None:
    """Build this checkout's package, which lintian must find faultless, and that of an earlier revision."""
    assert build("amd64", project_version(ROOT), ROOT, _FOLDER) == package
    faults = subprocess.run(["lintian", "--fail-on", "error", str(package)], check=False)
    assert faults.returncode == 0
    source = _FOLDER / "earlier"
    shutil.rmtree(source, ignore_errors=True)
    subprocess.run(["git", "worktree", "prune"], cwd=ROOT, check=True)
    subprocess.run(["git", "worktree", "add", "--quiet", "--detach", str(source), revision], cwd=ROOT, check=True)
    try:
        assert build("amd64", f"{project_version(ROOT)}~earlier", source, _FOLDER) == earlier
    finally:
        subprocess.run(["git", "worktree", "remove", "--force", str(source)], cwd=ROOT, check=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
