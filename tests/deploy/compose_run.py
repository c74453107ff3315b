"""The small farm of docker-compose.yml under podman, with each service killed: `make compose-test`, as root.

Nothing is pulled: the images are built on a Debian that debootstrap makes. Proven: every service becomes healthy, each
comes back after SIGKILL, and afterwards every record of the gateway is in the store once.

Where systemd does not run, podman has no timer for health checks: this asks for them itself.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final
from urllib.request import Request, urlopen

from tests.floors.modules import ROOT
from tests.ports import find_free_port
from tests.waiting import wait_until

FOLDER: Final = ROOT / "build" / "compose"
BASE: Final = "localhost/headland-debian:1"
PROJECT: Final = "headland-test"
SERVICES: Final = ("broker", "station", "edge", "sim-drone", "sim-greenhouse")
#: What a build needs of this machine's way to packages: certificates and the settings of pip.
_OF_THIS_MACHINE: Final = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pip.conf", "/root/.config/pip/pip.conf")
#: crun does not run on hybrid control groups, and raises limits of its own where that is forbidden.
_CONTAINERS: Final = """[containers]
default_ulimits = ["nofile=1024:1024", "nproc=4096:4096"]
log_driver = "k8s-file"
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
"""
_STORAGE: Final = '[storage]\ndriver = "overlay"\ngraphroot = "{folder}/storage"\nrunroot = "{folder}/run"\n'


class Compose:
    """The farm's containers, with podman's storage in a folder of this test."""

    def __init__(self, port: int, mqtt_port: int) -> None:
        FOLDER.mkdir(parents=True, exist_ok=True)
        (FOLDER / "containers.conf").write_text(_CONTAINERS, encoding="utf-8")
        (FOLDER / "storage.conf").write_text(_STORAGE.format(folder=FOLDER), encoding="utf-8")
        self.port = port
        self._environ = {
            **os.environ,
            "CONTAINERS_CONF": str(FOLDER / "containers.conf"),
            "CONTAINERS_STORAGE_CONF": str(FOLDER / "storage.conf"),
            "BUILDAH_FORMAT": "docker",
            "PODMAN_IGNORE_CGROUPSV1_WARNING": "1",
            "BASE_IMAGE": BASE,
            "COMPOSE_PROFILES": "",
            # podman-compose 1.3 leaves a variable that a service names like itself as it stands, unless it is set.
            "HEADLAND_HOME_ASSISTANT": "homeassistant",
            "HEADLAND_PORT": str(port),
            "HEADLAND_MQTT_PORT": str(mqtt_port),
        }

    def podman(self, *words: str, may_fail: bool = False, timeout_s: float = 900) -> str:
        """Run podman and return what it printed; raises CalledProcessError."""
        return self._run("podman", *words, may_fail=may_fail, timeout_s=timeout_s)

    def compose(self, *words: str, may_fail: bool = False) -> str:
        """Run podman-compose on the project's file."""
        return self._run(
            "podman-compose", "-p", PROJECT, "-f", str(ROOT / "docker-compose.yml"), *words, may_fail=may_fail
        )

    def build(self) -> None:
        """Make the base where it is missing, and build both images."""
        if not self.podman("images", "--quiet", BASE).strip():
            system = FOLDER / "debian"
            if not (system / "usr/bin/python3").exists():
                include = "--include=python3,python3-venv,ca-certificates"
                debootstrap = ["debootstrap", "--variant=minbase", include, "trixie", str(system)]
                subprocess.run(debootstrap, check=True, stdout=subprocess.DEVNULL)
            for path in filter(os.path.exists, _OF_THIS_MACHINE):
                (system / path[1:]).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, system / path[1:])
            with subprocess.Popen(["tar", "-C", str(system), "-c", "."], stdout=subprocess.PIPE) as packed:
                subprocess.run(["podman", "import", "-", BASE], stdin=packed.stdout, env=self._environ, check=True)
        for target, image in (("broker", "headland-broker:0.1.0"), ("headland", "headland:0.1.0")):
            arguments = ("--network", "host", "--target", target, "--build-arg", f"BASE_IMAGE={BASE}", "-t", image)
            self.podman("build", *arguments, str(ROOT))

    def container(self, service: str) -> str:
        """Return the name of a service's container."""
        return f"{PROJECT}_{service}_1"

    def is_healthy(self, service: str) -> bool:
        """Return whether the service runs and its health check passes now."""
        return self._ends_well("podman", "healthcheck", "run", self.container(service))

    @contextmanager
    def health_checks(self) -> Iterator[None]:
        """Have the health checks run while the block does, as systemd's timers would."""
        stop = threading.Event()

        def check() -> None:
            while not stop.wait(2):
                for service in SERVICES:
                    self.is_healthy(service)

        thread = threading.Thread(target=check, name="health-checks")
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()

    def kill(self, service: str) -> None:
        """SIGKILL the first process of a service from outside, as a machine's lack of memory would."""
        pid = int(self.podman("inspect", "--format", "{{.State.Pid}}", self.container(service)))
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: self._pid(service) not in (0, pid), 120, every_s=0.5)

    def get(self, path: str) -> Any:
        """Return the station's answer; None while it has none."""
        key = self.podman("exec", self.container("station"), "cat", "/var/lib/headland/api-key", may_fail=True).strip()
        asked = Request(f"http://127.0.0.1:{self.port}{path}", headers={"Authorization": f"Bearer {key}"})
        try:
            with urlopen(asked, timeout=20) as answer:
                return json.loads(answer.read())
        except OSError:
            return None

    def _pid(self, service: str) -> int:
        state = self.podman("inspect", "--format", "{{.State.Pid}}", self.container(service), may_fail=True).strip()
        return int(state or 0)

    def _ends_well(self, *line: str) -> bool:
        done = subprocess.run(line, env=self._environ, capture_output=True, check=False, timeout=60)
        return done.returncode == 0

    def _run(self, *line: str, may_fail: bool = False, timeout_s: float = 900) -> str:
        done = subprocess.run(
            line, cwd=ROOT, env=self._environ, capture_output=True, text=True, check=False, timeout=timeout_s
        )
        if done.returncode and not may_fail:
            print(done.stdout[-3000:] + done.stderr[-3000:], file=sys.stderr)
            done.check_returncode()
        return done.stdout


def main(words: Sequence[str]) -> int:
    """Build, start, kill each service, and compare the gateway's records with the store's."""
    parser = argparse.ArgumentParser(prog="make compose-test", description=__doc__)
    parser.add_argument("--built", action="store_true", help="take the images that the last call built")
    parser.add_argument("--keep", action="store_true", help="keep images and base for the next call")
    asked = parser.parse_args(words)
    farm = Compose(find_free_port(), find_free_port())
    if not asked.built:
        farm.build()
    try:
        prove(farm)
    finally:
        farm.compose("down", "--volumes", may_fail=True)
        if not asked.keep:
            farm.podman("system", "reset", "--force", may_fail=True)
            shutil.rmtree(FOLDER, ignore_errors=True)
    return 0


def prove(farm: Compose) -> None:
    """Start the farm, kill each service, and compare the gateway's records with the store's."""
    started_s = time.monotonic()
    with farm.health_checks():
        farm.compose("up", "--detach", "--no-build")
        for service in SERVICES:
            wait_until(lambda: farm.is_healthy(service), 180, every_s=1)  # noqa: B023 - called at once
    print(f"every service is healthy after {time.monotonic() - started_s:.0f} s", flush=True)
    wait_until(lambda: stored(farm) > 5, 120, every_s=1)
    for service in SERVICES:
        before = stored(farm)
        killed_s = time.monotonic()
        farm.kill(service)
        wait_until(lambda: farm.is_healthy(service), 180, every_s=1)  # noqa: B023
        wait_until(lambda: stored(farm) > before + 5, 180, every_s=1)  # noqa: B023
        print(f"{service}: killed, healthy and storing again after {time.monotonic() - killed_s:.0f} s", flush=True)
    farm.podman("stop", farm.container("sim-drone"), farm.container("sim-greenhouse"))
    delivery = wait_until(lambda: settled(farm), 180, every_s=1)
    print(f"the gateway's records: {delivery['totals']}")
    assert (delivery["loss"], delivery["lost"], delivery["missing"]) == (0, [], []), delivery


def stored(farm: Compose) -> int:
    """Return how many records of the gateway are stored; 0 while nobody answers."""
    delivery = farm.get("/v1/gateways/gw-1/delivery")
    return 0 if delivery is None else int(delivery["totals"]["stored"])


def settled(farm: Compose) -> Any:
    """Return the delivery once nothing waits on the gateway's disk."""
    delivery = farm.get("/v1/gateways/gw-1/delivery")
    is_empty = delivery is not None and not delivery["missing"] and delivery["spool"]["records"] == 0
    return delivery if is_empty else None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
