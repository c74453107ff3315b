"""The units under systemd as process 1: `make systemd-test`, as root where systemd is installed.

systemd runs in namespaces of its own (processes, mounts, network, cgroups), with a root as on a small machine: a Python
of the system, Headland installed at /opt/headland, the units as they are shipped, with a broker, VictoriaMetrics and
PostgreSQL of Debian. Each is ready by sd_notify, confined, and restarted after SIGKILL and where it hangs; ingest and
API end the station, which they replace. No part of `make test`: it takes some minutes.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.floors.modules import ROOT
from tests.machine import find_program
from tests.waiting import wait_until

EDGE: Final = "headland-edge.service"
STATION: Final = "headland-station.service"
INGEST: Final = "headland-ingest.service"
API: Final = "headland-api.service"
#: Where a unit says that it is ready.
READY: Final = {STATION: 8000, INGEST: 8001, API: 8000}
SYSTEMD: Final = Path("/lib/systemd/systemd")
UV: Final = Path(sys.executable).parent / "uv"
#: Watchdog period of the run; the shipped one is a minute.
WATCHDOG_S: Final = 6
SETTINGS: Final = """\
[gateway]
id = "gw-1"
site = "home"
data_dir = "/var/lib/headland/edge"

[broker]
host = "127.0.0.1"

[[source]]
type = "mavlink"
name = "drone"
url = "udpin:127.0.0.1:14550"
"""
ENVIRONMENT: Final = """\
HEADLAND_STORE_URL=victoria+http://127.0.0.1:8428?side=postgresql://headland@127.0.0.1/postgres
HEADLAND_REGISTRY_URL=postgresql://headland@127.0.0.1/postgres
HEADLAND_BROKER=127.0.0.1:1883
HEADLAND_WORKER_TOKEN=7c1f0a52b6d94e0e8a5c1b2d3e4f5061
"""
#: Programs of others: the command of each, with its own folder for `{data}`.
OTHERS: Final = {
    "mosquitto": ("mosquitto", "{program} -c /etc/headland/mosquitto.conf"),
    "victoria-metrics": (
        "victoria-metrics",
        "{program} -storageDataPath={data} -httpListenAddr=127.0.0.1:8428 -dedup.minScrapeInterval=1ms",
    ),
    "postgresql": ("postgresql", "{program} -D {data}/db -k {data} -c listen_addresses=127.0.0.1"),
}
OTHER: Final = """\
[Unit]
DefaultDependencies=no
[Service]
User=nobody
RuntimeDirectory={name}
{before}
ExecStart={command}
"""
#: Targets that units name; without the units of the system nothing else of it starts.
TARGETS: Final = ("sysinit", "basic", "shutdown", "network-online", "multi-user", "umount", "final")
INSIDE: Final = """
set -e
ip link set lo up
mount --make-rprivate /
mount -t tmpfs tmpfs /run
umount -R /sys/fs/cgroup
mount -t cgroup2 none /sys/fs/cgroup
mount -t tmpfs tmpfs /opt
mkdir /opt/headland
mount --bind "$1/headland" /opt/headland
mkdir -p /var/lib/headland
mount -t tmpfs tmpfs /var/lib/headland
mount -t tmpfs tmpfs "$1/etc"
mkdir "$1/etc/upper" "$1/etc/work"
mount -t overlay overlay -o "lowerdir=/etc,upperdir=$1/etc/upper,workdir=$1/etc/work" /etc
echo 'headland:x:10001:10001::/nonexistent:/usr/sbin/nologin' >> /etc/passwd
echo 'headland:x:10001:' >> /etc/group
mkdir -p /etc/headland
cp "$1/settings/"* /etc/headland/
chown -R 10001:10001 /etc/headland
chmod 644 /etc/headland/mosquitto.conf
mount -t tmpfs tmpfs /usr/lib/systemd/system
rm -rf /etc/systemd/system
cp -r "$1/units" /etc/systemd/system
: > /etc/machine-id
rm -rf /etc/init.d
mount -t tmpfs tmpfs /tmp
mount -t tmpfs tmpfs /var/tmp
mount --make-rshared /
exec env -i container=other PATH=/usr/sbin:/usr/bin:/sbin:/bin \
    /lib/systemd/systemd --system --unit=multi-user.target --log-target=null
"""


class Machine:
    """systemd in its namespaces."""

    def __init__(self, pid: int) -> None:
        self.pid = pid

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a command there to its end."""
        line = ["nsenter", "-t", str(self.pid), "-m", "-p", "-n", "-C", "--", *words]
        return subprocess.run(line, capture_output=True, text=True, check=False)

    def systemctl(self, *words: str) -> str:
        """Run systemctl there; return what it prints."""
        return self.run("systemctl", *words).stdout

    def shows(self, unit: str) -> dict[str, str]:
        """Return the properties of a unit."""
        lines = self.systemctl("show", unit).splitlines()
        return dict(line.split("=", 1) for line in lines if "=" in line)

    def is_up(self, unit: str, restarts: int) -> bool:
        """Return whether a unit is ready after so many restarts, and says so where it is asked."""
        shown = self.shows(unit)
        if (shown.get("ActiveState"), shown.get("NRestarts")) != ("active", str(restarts)):
            return False
        asks = f"import urllib.request as r; r.urlopen('http://127.0.0.1:{READY.get(unit)}/readyz', timeout=10)"
        return unit not in READY or self.run("/usr/bin/python3", "-c", asks).returncode == 0

    def main_pid(self, unit: str) -> int:
        """Return the number of a unit's process outside of the namespace."""
        inside = self.shows(unit)["MainPID"]
        for status in Path("/proc").glob("[0-9]*/status"):
            try:
                text = status.read_text()
            except OSError:
                continue  # ended meanwhile
            numbers = next((line.split() for line in text.splitlines() if line.startswith("NSpid:")), [])
            if numbers[-1:] == [inside] and len(numbers) > 2 and "10001" in text:
                return int(numbers[1])
        raise AssertionError(f"no process {inside} of {unit}")


def main() -> int:
    """Run all checks; return 1 with a sentence where one failed or nothing can run here."""
    missing = [name for name in ("unshare", "nsenter", "ip") if shutil.which(name) is None]
    programs = {name: find_program(program) for name, (program, _) in OTHERS.items()}
    missing += [name for name, program in programs.items() if program is None]
    if os.geteuid() != 0 or missing or not SYSTEMD.exists():
        needs = "root, and of Debian systemd, util-linux, iproute2, mosquitto, victoria-metrics and postgresql"
        print(f"headland: this needs {needs}", file=sys.stderr)
        return 1
    with (
        tempfile.TemporaryDirectory(dir="/var/tmp") as name,
        started(prepare(Path(name), {name: str(program) for name, program in programs.items()})) as machine,
    ):
        try:
            check_all(machine)
        except AssertionError:
            print(machine.run("sh", "-c", "tail -n 20 /run/*.log").stdout, file=sys.stderr)
            raise
    return 0


def prepare(folder: Path, programs: Mapping[str, str]) -> Path:
    """Install Headland for the system's Python and write settings and units; return the folder."""
    folder.chmod(0o755)
    python = folder / "headland" / "bin" / "python"
    run(UV, "venv", "--quiet", "--python", "/usr/bin/python3", folder / "headland")
    run(UV, "pip", "install", "--quiet", "--python", python, "-r", ROOT / "requirements" / "run.lock")
    run(UV, "pip", "install", "--quiet", "--python", python, "--no-deps", ROOT)
    script = folder / "headland" / "bin" / "headland"
    script.write_text(
        "#!/opt/headland/bin/python\n" + script.read_text(encoding="utf-8").partition("\n")[2], encoding="utf-8"
    )
    units, settings = folder / "units", folder / "settings"
    (units / "multi-user.target.wants").mkdir(parents=True)
    (folder / "etc").mkdir()
    settings.mkdir()
    (settings / "edge.toml").write_text(SETTINGS, encoding="utf-8")
    (settings / "headland.env").write_text(ENVIRONMENT, encoding="utf-8")
    (settings / "broker-password").write_text("anybody may do anything here", encoding="utf-8")
    (settings / "mosquitto.conf").write_text("listener 1883 127.0.0.1\nallow_anonymous true\n", encoding="utf-8")
    for unit in (EDGE, STATION, INGEST, API):
        shutil.copy(ROOT / "deploy" / "systemd" / unit, units)
        (units / f"{unit}.d").mkdir()
        log = f"[Service]\nStandardOutput=append:/run/{unit}.log\nStandardError=inherit\n"
        (units / f"{unit}.d" / "log.conf").write_text(log, encoding="utf-8")
    (units / "multi-user.target.wants" / EDGE).symlink_to(f"../{EDGE}")
    for target in TARGETS:
        text = f"[Unit]\nDescription={target}\nDefaultDependencies=no\n"
        (units / f"{target}.target").write_text(text, encoding="utf-8")
    for name, (_, command) in OTHERS.items():
        before = ""
        if name == "postgresql":
            initdb = Path(programs[name]).with_name("initdb")
            before = f"ExecStartPre={initdb} -D /run/{name}/db -U headland --auth=trust --locale=C.UTF-8"
        line = command.format(program=programs[name], data=f"/run/{name}")
        text = OTHER.format(name=name, before=before, command=line)
        (units / f"{name}.service").write_text(text, encoding="utf-8")
    return folder


@contextmanager
def started(folder: Path) -> Iterator[Machine]:
    """Run systemd as process 1 of namespaces; all of it ends with the block."""
    unified = Path("/sys/fs/cgroup/unified")
    group = (unified if unified.is_dir() else Path("/sys/fs/cgroup")) / f"headland-{os.getpid()}"
    group.mkdir()
    line = ["unshare", "--pid", "--fork", "--kill-child", "--mount", "--uts", "--ipc", "--cgroup", "--net"]
    enter = f'echo $$ > {group}/cgroup.procs; exec "$@"'
    words = ["sh", "-c", enter, "sh", *line, "--mount-proc", "bash", "-c", INSIDE, "bash", str(folder)]
    with subprocess.Popen(words, stdin=subprocess.DEVNULL) as outside:
        children = Path(f"/proc/{outside.pid}/task/{outside.pid}/children")

        def find() -> int:
            assert outside.poll() is None, "the namespaces could not be made"
            first = children.read_text().split()[:1]
            is_systemd = first and Path(f"/proc/{first[0]}/comm").read_text().strip() == "systemd"
            return int(first[0]) if is_systemd else 0

        pid = wait_until(find)
        try:
            yield Machine(pid)
        finally:
            os.kill(pid, signal.SIGKILL)
            outside.wait(30)
            for inner in sorted(group.rglob("*"), reverse=True):
                if inner.is_dir():
                    inner.rmdir()
            group.rmdir()


def check_all(machine: Machine) -> None:
    """Check each unit, and which of them replace which."""
    check(machine, EDGE)
    wait_until(lambda: machine.run("systemctl", "start", *OTHERS).returncode == 0, every_s=1.0)
    machine.systemctl("start", "--no-block", STATION)
    check(machine, STATION, stops=False)
    machine.systemctl("start", "--no-block", INGEST, API)
    wait_until(lambda: machine.shows(STATION)["ActiveState"] == "inactive")
    assert machine.shows(STATION)["Result"] == "success"
    say(STATION, "ended in order where ingest is started, which replaces it")
    check(machine, INGEST, stops=False)
    check(machine, API)
    assert machine.is_up(INGEST, 1)
    say(INGEST, "goes on without the API")
    machine.systemctl("stop", INGEST)
    assert machine.shows(INGEST)["Result"] == "success"


def check(machine: Machine, unit: str, *, stops: bool = True) -> None:
    """Check each promise of a unit, and say it."""
    wait_until(lambda: machine.is_up(unit, 0))
    shown = machine.shows(unit)
    assert (shown["Type"], shown["WatchdogUSec"]) == ("notify", "1min"), shown
    say(unit, "ready by sd_notify, with the watchdog of a minute")
    status = Path(f"/proc/{machine.main_pid(unit)}/status").read_text()
    held = {line.split()[0]: line.split()[1] for line in status.splitlines() if len(line.split()) > 1}
    assert (held["CapEff:"], held["CapBnd:"], held["NoNewPrivs:"], held["Seccomp:"]) == ("0" * 16, "0" * 16, "1", "2")
    say(unit, "confined: no capability, system calls filtered")
    os.kill(machine.main_pid(unit), signal.SIGKILL)
    wait_until(lambda: machine.is_up(unit, 1))
    say(unit, "up again after SIGKILL")
    drop_in = f"printf '[Service]\\nWatchdogSec={WATCHDOG_S}\\n' > /etc/systemd/system/{unit}.d/watchdog.conf"
    run("nsenter", "-t", str(machine.pid), "-m", "--", "sh", "-c", drop_in)
    machine.systemctl("daemon-reload")
    machine.systemctl("restart", unit)
    wait_until(lambda: machine.is_up(unit, 0))
    begun = int(machine.shows(unit)["WatchdogTimestampMonotonic"])
    three_later = begun + 3 * WATCHDOG_S * 1_000_000
    wait_until(lambda: int(machine.shows(unit)["WatchdogTimestampMonotonic"]) > three_later, every_s=1.0)
    assert machine.is_up(unit, 0)
    say(unit, f"alive for three periods of {WATCHDOG_S} s: it reports to the watchdog")
    os.kill(machine.main_pid(unit), signal.SIGSTOP)
    wait_until(lambda: machine.is_up(unit, 1), every_s=0.2)
    say(unit, "up again after it hung")
    if not stops:
        return
    machine.systemctl("stop", unit)
    stopped = machine.shows(unit)
    assert (stopped["ActiveState"], stopped["Result"], stopped["ExecMainStatus"]) == ("inactive", "success", "0"), (
        stopped
    )
    say(unit, "stopped in order")


def say(unit: str, sentence: str) -> None:
    """Print what was seen."""
    print(f"{unit}: {sentence}", flush=True)


def run(*words: str | Path) -> None:
    """Run a command that must succeed."""
    line: Sequence[str] = [str(word) for word in words]
    subprocess.run(line, check=True, stdin=subprocess.DEVNULL)


if __name__ == "__main__":
    raise SystemExit(main())
