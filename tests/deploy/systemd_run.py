"""The gateway's unit under systemd as process 1: `make systemd-test`, as root where systemd is installed.

systemd runs in namespaces of its own (processes, mounts, network, cgroups), with a root as on a small machine: a Python
of the system, Headland installed at /opt/headland, the unit as it is shipped. It is ready by sd_notify, confined, and
restarted after SIGKILL and where it hangs. No part of `make test`: it takes a minute.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.floors.modules import ROOT
from tests.waiting import wait_until

UNIT: Final = "headland-edge.service"
SYSTEMD: Final = Path("/lib/systemd/systemd")
UV: Final = Path(sys.executable).parent / "uv"
#: Watchdog period of the run; the shipped one is a minute.
WATCHDOG_S: Final = 6
SETTINGS: Final = """\
[gateway]
id = "gw-1"
site = "home"
data_dir = "/var/lib/headland/edge"

[[source]]
type = "mavlink"
name = "drone"
url = "udpin:127.0.0.1:14550"
"""
#: Targets that units name; without the units of the system nothing else of it starts.
TARGETS: Final = ("sysinit", "basic", "shutdown", "network-online", "multi-user", "umount", "final")
INSIDE: Final = """
set -e
mount --make-rprivate /
mount -t tmpfs tmpfs /run
umount -R /sys/fs/cgroup
mount -t cgroup2 none /sys/fs/cgroup
mount -t tmpfs tmpfs /opt
cp -a "$1/headland" /opt/headland
sed -i '1s|.*|#!/opt/headland/bin/python|' /opt/headland/bin/headland
mkdir -p /var/lib/headland
mount -t tmpfs tmpfs /var/lib/headland
mount -t tmpfs tmpfs "$1/etc"
mkdir "$1/etc/upper" "$1/etc/work"
mount -t overlay overlay -o "lowerdir=/etc,upperdir=$1/etc/upper,workdir=$1/etc/work" /etc
echo 'headland:x:10001:10001::/nonexistent:/usr/sbin/nologin' >> /etc/passwd
echo 'headland:x:10001:' >> /etc/group
mkdir -p /etc/headland
cp "$1/edge.toml" /etc/headland/
chown -R 10001:10001 /etc/headland
mount -t tmpfs tmpfs /usr/lib/systemd/system
rm -rf /etc/systemd/system
cp -r "$1/units" /etc/systemd/system
: > /etc/machine-id
exec env -i container=other PATH=/usr/sbin:/usr/bin:/sbin:/bin \
    /lib/systemd/systemd --system --unit=multi-user.target --log-target=null
"""


class Machine:
    """systemd in its namespaces."""

    def __init__(self, pid: int) -> None:
        self.pid = pid

    def systemctl(self, *words: str) -> str:
        """Run systemctl there; return what it prints."""
        line = ["nsenter", "-t", str(self.pid), "-m", "-p", "-n", "-C", "--", "systemctl", *words]
        return subprocess.run(line, capture_output=True, text=True, check=False).stdout

    def shows(self) -> dict[str, str]:
        """Return the properties of the unit."""
        lines = self.systemctl("show", UNIT).splitlines()
        return dict(line.split("=", 1) for line in lines if "=" in line)

    def is_up(self, restarts: int) -> bool:
        """Return whether the unit is ready after so many restarts."""
        shown = self.shows()
        return (shown.get("ActiveState"), shown.get("NRestarts")) == ("active", str(restarts))

    def main_pid(self) -> int:
        """Return the number of the gateway's process outside of the namespace."""
        inside = self.shows()["MainPID"]
        for status in Path("/proc").glob("[0-9]*/status"):
            try:
                text = status.read_text()
            except OSError:
                continue  # ended meanwhile
            numbers = next((line.split() for line in text.splitlines() if line.startswith("NSpid:")), [])
            if numbers[-1:] == [inside] and len(numbers) > 2 and "10001" in text:
                return int(numbers[1])
        raise AssertionError(f"no process {inside} of the gateway")


def main() -> int:
    """Run all checks; return 1 with a sentence where one failed or nothing can run here."""
    missing = [name for name in ("unshare", "nsenter") if shutil.which(name) is None]
    if os.geteuid() != 0 or missing or not SYSTEMD.exists():
        print("headland: this needs root, and Debian's systemd and util-linux", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory(dir="/var/tmp") as name, started(prepare(Path(name))) as machine:
        check(machine)
    return 0


def prepare(folder: Path) -> Path:
    """Install the gateway for the system's Python and write its settings and units; return the folder."""
    folder.chmod(0o755)
    python = folder / "headland" / "bin" / "python"
    run(UV, "venv", "--quiet", "--python", "/usr/bin/python3", folder / "headland")
    run(UV, "pip", "install", "--quiet", "--python", python, "-r", ROOT / "requirements" / "gateway.lock")
    run(UV, "pip", "install", "--quiet", "--python", python, "--no-deps", ROOT)
    units = folder / "units"
    (units / f"{UNIT}.d").mkdir(parents=True)
    (units / "multi-user.target.wants").mkdir()
    (folder / "etc").mkdir()
    (folder / "edge.toml").write_text(SETTINGS, encoding="utf-8")
    shutil.copy(ROOT / "deploy" / "systemd" / UNIT, units)
    (units / "multi-user.target.wants" / UNIT).symlink_to(f"../{UNIT}")
    for target in TARGETS:
        text = f"[Unit]\nDescription={target}\nDefaultDependencies=no\n"
        (units / f"{target}.target").write_text(text, encoding="utf-8")
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


def check(machine: Machine) -> None:
    """Check each promise of the unit, and say it."""
    wait_until(lambda: machine.is_up(0))
    shown = machine.shows()
    assert (shown["Type"], shown["WatchdogUSec"]) == ("notify", "1min"), shown
    say("ready by sd_notify, with the watchdog of a minute")
    status = Path(f"/proc/{machine.main_pid()}/status").read_text()
    held = {line.split()[0]: line.split()[1] for line in status.splitlines() if len(line.split()) > 1}
    assert (held["CapEff:"], held["CapBnd:"], held["NoNewPrivs:"], held["Seccomp:"]) == ("0" * 16, "0" * 16, "1", "2")
    say("confined: no capability, system calls filtered")
    os.kill(machine.main_pid(), signal.SIGKILL)
    wait_until(lambda: machine.is_up(1))
    say("up again after SIGKILL")
    drop_in = f"printf '[Service]\\nWatchdogSec={WATCHDOG_S}\\n' > /etc/systemd/system/{UNIT}.d/watchdog.conf"
    run("nsenter", "-t", str(machine.pid), "-m", "--", "sh", "-c", drop_in)
    machine.systemctl("daemon-reload")
    machine.systemctl("restart", UNIT)
    wait_until(lambda: machine.is_up(0))
    begun = int(machine.shows()["WatchdogTimestampMonotonic"])
    three_later = begun + 3 * WATCHDOG_S * 1_000_000
    wait_until(lambda: int(machine.shows()["WatchdogTimestampMonotonic"]) > three_later, every_s=1.0)
    assert machine.is_up(0)
    say(f"alive for three periods of {WATCHDOG_S} s: it reports to the watchdog")
    os.kill(machine.main_pid(), signal.SIGSTOP)
    wait_until(lambda: machine.is_up(1), every_s=0.2)
    say("up again after it hung")
    machine.systemctl("stop", UNIT)
    stopped = machine.shows()
    assert (stopped["ActiveState"], stopped["Result"], stopped["ExecMainStatus"]) == ("inactive", "success", "0"), (
        stopped
    )
    say("stopped in order")


def say(sentence: str) -> None:
    """Print what was seen."""
    print(f"{UNIT}: {sentence}", flush=True)


def run(*words: str | Path) -> None:
    """Run a command that must succeed."""
    line: Sequence[str] = [str(word) for word in words]
    subprocess.run(line, check=True, stdin=subprocess.DEVNULL)


if __name__ == "__main__":
    raise SystemExit(main())
