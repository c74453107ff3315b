"""Containers of a farm under podman, for the runs of docker-compose.yml: images, services, health checks and kills.

Nothing is pulled: the images are built on a Debian that debootstrap makes. Where systemd does not run, podman has no
timer for health checks: this asks for them itself.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.request import Request, urlopen

from tests.floors.modules import ROOT
from tests.ports import find_free_port
from tests.waiting import wait_until

FOLDER: Final = ROOT / "build" / "compose"
BASE: Final = "localhost/headland-debian:1"
PROJECT: Final = "headland-test"
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
_NUMBERED: Final = """
import json, pathlib, sqlite3
spool = sqlite3.connect("file:/var/lib/headland/edge/spool.sqlite?mode=ro", uri=True, timeout=10)
newest = "select epoch, max(last_seq, (select coalesce(max(seq), 0) from records)) from state"
print(json.dumps(spool.execute(newest).fetchall()))
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Services of a farm, in the order in which they are killed, and how it is asked."""

    services: tuple[str, ...]
    gateways: Mapping[str, str]  # name -> its service
    #: Services that only send to gateways: stopped before the records are compared.
    simulators: tuple[str, ...]
    #: Service and command that print a key of the API.
    key: tuple[str, ...]
    file: Path = ROOT / "docker-compose.yml"
    options: tuple[str, ...] = ()


class Compose:
    """The farm's containers, with podman's storage in a folder of this test."""

    def __init__(self, layout: Layout, environ: Mapping[str, str]) -> None:
        FOLDER.mkdir(parents=True, exist_ok=True)
        (FOLDER / "containers.conf").write_text(_CONTAINERS, encoding="utf-8")
        (FOLDER / "storage.conf").write_text(_STORAGE.format(folder=FOLDER), encoding="utf-8")
        self.layout = layout
        self._port = find_free_port()
        self._key = ""
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
            "HEADLAND_PORT": str(self._port),
            "HEADLAND_MQTT_PORT": str(find_free_port()),
            **environ,
        }

    def podman(self, *words: str, may_fail: bool = False, timeout_s: float = 900) -> str:
        """Run podman and return what it printed; raises CalledProcessError."""
        return self._run("podman", *words, may_fail=may_fail, timeout_s=timeout_s)

    def compose(self, *words: str, may_fail: bool = False) -> str:
        """Run podman-compose on the farm's file."""
        options = ("-p", PROJECT, "-f", str(self.layout.file), *self.layout.options)
        return self._run("podman-compose", *options, *words, may_fail=may_fail)

    def build(self) -> None:
        """Make the base where it is missing, and build both images of the compose file."""
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
            self.build_image(target, image, ROOT)

    def build_image(self, target: str, image: str, folder: Path) -> None:
        """Build one target of a folder's Dockerfile on the base."""
        arguments = ("--network", "host", "--target", target, "--build-arg", f"BASE_IMAGE={BASE}", "-t", image)
        self.podman("build", *arguments, str(folder))

    def container(self, service: str) -> str:
        """Return the name of a service's container."""
        return f"{PROJECT}_{service}_1"

    def running(self) -> set[str]:
        """Return the names of all containers that run."""
        return set(self.podman("ps", "--format", "{{.Names}}").split())

    def is_healthy(self, service: str) -> bool:
        """Return whether the service runs and its health check passes now."""
        return self._ends_well("podman", "healthcheck", "run", self.container(service))

    @contextmanager
    def health_checks(self) -> Iterator[None]:
        """Have the health checks run while the block does, as systemd's timers would."""
        stop = threading.Event()

        def check() -> None:
            while not stop.wait(2):
                for service in self.layout.services:
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
        pid = self._pid(service)
        assert pid, f"{service} does not run"
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: self._is_new(service, pid), 120, every_s=0.5)

    def kill_all(self) -> None:
        """SIGKILL the first processes of all services, as a power cut would, and start what a boot would start."""
        pids = {service: self._pid(service) for service in self.layout.services}
        assert all(pids.values()), pids
        for pid in pids.values():
            os.kill(pid, signal.SIGKILL)

        def are_new() -> bool:
            # As podman-restart.service does at boot: of many that end at once, podman leaves some as they are.
            self.podman("start", "--all", "--filter", "restart-policy=unless-stopped", may_fail=True)
            return all(self._is_new(service, pid) for service, pid in pids.items())

        wait_until(are_new, 300, every_s=5)

    def wait_healthy(self) -> None:
        """Wait until every service is healthy."""
        for service in self.layout.services:
            wait_until(lambda: self.is_healthy(service), 300, every_s=1)  # noqa: B023 - called at once

    def get(self, path: str) -> Any:
        """Return the API's answer; None while it has none."""
        service, *words = self.layout.key
        self._key = self._key or self.podman("exec", self.container(service), *words, may_fail=True).strip()
        asked = Request(f"http://127.0.0.1:{self._port}{path}", headers={"Authorization": f"Bearer {self._key}"})
        try:
            with urlopen(asked, timeout=20) as answer:
                return json.loads(answer.read())
        except OSError:
            return None

    def numbered(self, gateway: str) -> dict[str, int]:
        """Return the last record that a gateway has numbered, by the epoch of its spool: from its own disk."""
        container = self.container(self.layout.gateways[gateway])
        return dict(json.loads(self.podman("exec", container, "python3", "-c", _NUMBERED)))

    def empty(self) -> None:
        """End and remove all containers and volumes, also those that an interrupted run has left."""
        self.podman("rm", "--all", "--force", "--time", "5", may_fail=True)
        self.podman("volume", "rm", "--all", "--force", may_fail=True)

    def close(self, *, keep: bool) -> None:
        """End and remove the containers and volumes, and the images but where they are kept."""
        self.empty()
        if not keep:
            self.podman("system", "reset", "--force", may_fail=True)
            shutil.rmtree(FOLDER, ignore_errors=True)

    def _is_new(self, service: str, former: int) -> bool:
        return self._pid(service) not in (0, former)

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


def prove(farm: Compose) -> None:
    """Start the farm, kill each service and then all at once, and compare the gateways' records with the store's."""
    farm.empty()
    started_s = time.monotonic()
    with farm.health_checks():
        farm.compose("up", "--detach", "--no-build")
        farm.wait_healthy()
    say("every service is healthy", started_s)
    assert farm.running() == {farm.container(service) for service in farm.layout.services}
    goes_on(farm)
    for service in farm.layout.services:
        before, killed_s = stored(farm), time.monotonic()
        farm.kill(service)
        farm.wait_healthy()
        goes_on(farm, before)
        say(f"{service}: killed, healthy and storing again", killed_s)
    before, killed_s = stored(farm), time.monotonic()
    farm.kill_all()
    farm.wait_healthy()
    goes_on(farm, before)
    say("all at once: killed, healthy and storing again", killed_s)
    farm.podman("stop", *map(farm.container, farm.layout.simulators))
    for gateway in farm.layout.gateways:
        delivery = wait_until(lambda: settled(farm, gateway), 300, every_s=1)  # noqa: B023 - called at once
        print(f"{gateway}: {delivery['totals']}", flush=True)
        assert (delivery["loss"], delivery["lost"], delivery["missing"]) == (0, [], []), delivery
        assert delivery["totals"]["stored"] == sum(farm.numbered(gateway).values()), delivery


def goes_on(farm: Compose, before: Mapping[str, int] | None = None) -> None:
    """Wait until more records of every gateway are stored than before."""

    def is_more() -> bool:
        now = stored(farm)
        return all(now[gateway] > (before or {}).get(gateway, 0) + 5 for gateway in now)

    wait_until(is_more, 300, every_s=1)


def stored(farm: Compose) -> dict[str, int]:
    """Return how many records of each gateway are stored; 0 while nobody answers."""
    deliveries = {gateway: farm.get(f"/v1/gateways/{gateway}/delivery") for gateway in farm.layout.gateways}
    return {gateway: 0 if one is None else int(one["totals"]["stored"]) for gateway, one in deliveries.items()}


def settled(farm: Compose, gateway: str) -> Any:
    """Return a gateway's delivery once nothing waits on its disk, and its last number is accounted for."""
    delivery = farm.get(f"/v1/gateways/{gateway}/delivery")
    if delivery is None or delivery["missing"] or delivery["spool"]["records"]:
        return None
    accounted = {epoch["epoch"]: epoch["high_water"] for epoch in delivery["epochs"]}
    return delivery if accounted == farm.numbered(gateway) else None


def say(sentence: str, since_s: float) -> None:
    """Print what was seen, and after how long."""
    print(f"{sentence} after {time.monotonic() - since_s:.0f} s", flush=True)
