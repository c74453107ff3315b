"""Run a farm on exactly the lowest versions that pyproject.toml names: `make extras ARGS=lowest`.

A venv of its own gets the project with all extras by uv's resolution `lowest-direct`. Every module imports there, a
farm reaches readiness, and each of its simulators is live; then a question of every kind of part is answered. It needs
a registry of packages and takes about a minute.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import tomllib
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from tests.floors.modules import ROOT, loaded_by, modules_of
from tests.ports import find_free_port

UV: Final = Path(sys.executable).parent / "uv"
BUILD: Final = ROOT / "build" / "lowest"
#: Extras of a whole installation. Development's tools and the help pages are of nobody's environment but ours.
EXTRAS: Final = ("all", "geotiff", "grib", "otel")
PARTS: Final = ("station", "edge", "ingest", "api", "firmware_sim", "headland")
#: The farm of `headland up`: its drone, and its three houses with their own buses.
LIVE: Final = {"drone": 1, "greenhouse": 3}
_READY_WITHIN_S: Final = 180.0
_FRESH_S: Final = 60.0
_ANSWERS: Final = ("/v1/fields", "/v1/gateways", "/v1/alarms", "/v1/tonight", "/openapi.json", "/metrics")


def main() -> int:
    """Install, import and run; return 1 with a sentence where something does not hold."""
    began_s = time.monotonic()
    shutil.rmtree(BUILD, ignore_errors=True)
    try:
        python = install()
        check_versions(python)
        names = [name for part in PARTS for name in modules_of(part)]
        loaded_by(*names, python=str(python))
        print(f"lowest   {len(names)} modules import")
        run_farm(python)
    except (AssertionError, subprocess.CalledProcessError, TimeoutError) as problem:
        print(f"lowest: {problem}", file=sys.stderr)
        return 1
    shutil.rmtree(BUILD, ignore_errors=True)
    print(f"lowest   the farm is ready and live, in {time.monotonic() - began_s:.0f} s altogether")
    return 0


def install() -> Path:
    """Make a venv with the lowest versions; return its Python."""
    BUILD.mkdir(parents=True)
    venv = BUILD / "venv"
    python = venv / "bin" / "python"
    run(UV, "venv", "--quiet", "--python", sys.executable, venv)
    project = f"{ROOT}[{','.join(EXTRAS)}]"
    run(UV, "pip", "install", "--quiet", "--python", python, "--resolution", "lowest-direct", project)
    return python


def check_versions(python: Path) -> None:
    """Assert that what is installed are the lowest versions that pyproject.toml names."""
    listed = run(UV, "pip", "list", "--quiet", "--format", "json", "--python", python)
    installed = {each["name"]: each["version"] for each in json.loads(listed)}
    bounds = lowest_bounds()
    other = {
        name: (least, installed[name])
        for name, least in bounds.items()
        if name in installed and not is_same_version(installed[name], least)
    }
    missing = bounds.keys() - installed.keys()
    assert not missing, f"these are named and not installed: {sorted(missing)}"
    assert not other, f"the lowest version that installs is not the one that is named: {other}"
    print(f"lowest   {len(bounds)} distributions at their lowest version")


def lowest_bounds() -> dict[str, str]:
    """Return the lowest version of each distribution that the extras need, as pyproject.toml names it."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    bounds: dict[str, str] = {}
    waiting, seen = [*project["dependencies"], *(one for extra in EXTRAS for one in extras[extra])], set[str]()
    while waiting:
        wanted = waiting.pop()
        found = re.fullmatch(r"([A-Za-z0-9._-]+)(?:\[([^]]*)\])?(?:>=([0-9][^,;]*))?.*", wanted)
        assert found, wanted
        name, inner, least = found[1].lower(), found[2], found[3]
        if name == "headland":
            fresh = {extra.strip() for extra in (inner or "").split(",")} - seen
            seen |= fresh
            waiting += [one for extra in fresh for one in extras[extra]]
        else:
            assert least, f"{wanted} names no lowest version"
            # The highest of several bounds is what installs.
            if name not in bounds or version_key(least) > version_key(bounds[name]):
                bounds[name] = least
    return bounds


def version_key(version: str) -> tuple[int, ...]:
    """Return the numbers of a version, without trailing zeros."""
    numbers = [int(part) for part in re.findall(r"\d+", version.split(".post", maxsplit=1)[0])]
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)


def is_same_version(one: str, other: str) -> bool:
    """Tell whether two versions are the same release: a lowest `2.0` is `2.0.0`, and `3.0` may have only a `.post1`."""
    width = max(len(version_key(other)), 1)
    return version_key(one)[: width + 1] == version_key(other) or version_key(one)[:width] == version_key(other)


def run_farm(python: Path) -> None:
    """Run a farm until it is ready and live, ask it, and end it."""
    port = find_free_port()
    data, log = BUILD / "farm", BUILD / "farm.log"
    headland = python.with_name("headland")
    environ = {name: value for name, value in os.environ.items() if not name.startswith("HEADLAND_")}
    with log.open("wb") as output:
        farm = subprocess.Popen(
            [headland, "up", "--port", str(port), "--data", data, "--no-past"],
            cwd=BUILD,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    base = f"http://127.0.0.1:{port}"
    try:
        wait_for(lambda: ask(base, "/readyz")[0] == 200, "the farm does not reach /readyz 200", farm, log)
        key = (data / "api-key").read_text(encoding="ascii").strip()
        wait_for(lambda: live_devices(base, key) >= LIVE, f"not all simulators are live: {LIVE}", farm, log)
        for path in _ANSWERS:
            status, _ = ask(base, path, key)
            assert status == 200, f"{path} answers {status}; {tail(log)}"
        status, _ = ask(base, "/readyz")
        assert status == 200, f"/readyz answers {status} once the simulators are live"
        restarts = [line for line in log.read_text("utf-8", "replace").splitlines() if "it restarts in" in line]
        assert restarts == [], f"a part ended: {restarts[0]}"
    finally:
        farm.send_signal(signal.SIGINT)
        try:
            farm.wait(30)
        except subprocess.TimeoutExpired:
            farm.kill()
            farm.wait()


class Live(dict[str, int]):
    """Number of live devices by kind; one is at least another where it has as many of each."""

    def __ge__(self, other: Mapping[str, int]) -> bool:
        return all(self.get(kind, 0) >= number for kind, number in other.items())


def live_devices(base: str, key: str) -> Live:
    """Return how many devices of each kind have a sample of the last minute."""
    status, body = ask(base, "/v1/devices?limit=1000", key)
    found = Live()
    for device in json.loads(body)["items"] if status == 200 else ():
        latest, answer = ask(base, f"/v1/devices/{device['id']}/latest", key)
        if latest == 200 and newest_ms(json.loads(answer)) > (time.time() - _FRESH_S) * 1000:
            found[device["kind"]] = found.get(device["kind"], 0) + 1
    return found


def newest_ms(answer: Any) -> float:
    """Return the newest `time_ms` anywhere in an answer, 0 without one."""
    if isinstance(answer, dict):
        own = answer.get("time_ms")
        return max([own if isinstance(own, int) else 0, *map(newest_ms, answer.values())])
    return max(map(newest_ms, answer), default=0) if isinstance(answer, list) else 0


def wait_for(holds: Callable[[], bool], sentence: str, farm: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until a condition holds; raises TimeoutError with the end of the farm's log."""
    end_s = time.monotonic() + _READY_WITHIN_S
    while not holds():
        if farm.poll() is not None or time.monotonic() > end_s:
            raise TimeoutError(f"{sentence}; {tail(log)}")
        time.sleep(1)


def ask(base: str, path: str, key: str = "") -> tuple[int, bytes]:
    """Return status and body of an answer, 0 where there is none."""
    request = urllib.request.Request(base + path, headers={"Authorization": f"Bearer {key}"} if key else {})
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()
    except OSError:
        return 0, b""


def tail(log: Path) -> str:
    """Return the end of the farm's log and of those of its parts."""
    parts = [log, *sorted((BUILD / "farm" / "logs").glob("*.log"))]
    ends = [f"{part.name}: {part.read_text('utf-8', 'replace')[-600:]}" for part in parts if part.is_file()]
    return "\n".join(ends)


def run(*line: str | Path) -> str:
    """Run a command; return its output, or show it and raise CalledProcessError."""
    done = subprocess.run(line, cwd=BUILD.parent, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        print(done.stdout + done.stderr, file=sys.stderr)
        done.check_returncode()
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
