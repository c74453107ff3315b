"""The split farm of docker-compose.yml under podman, with each service killed: `make compose-split-test`, as root.

The file is that of users. Nothing is pulled: in place of its images of InfluxDB and PostgreSQL are others, built
from Debian's packages: PostgreSQL 17, and InfluxDB 1.6 behind nginx, which gives it the write path and the token
of 2.x. With `--workers`: RabbitMQ as the broker, three ingest workers with shards of their own, a gateway for each, and
VictoriaMetrics as the store.
"""

from __future__ import annotations

import argparse
import copy
import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import yaml  # type: ignore[import-untyped]  # its types are a distribution of their own

from tests.deploy.containers import FOLDER, Compose, Layout, prove
from tests.floors.modules import ROOT

IMAGES: Final = Path(__file__).parent / "images"
POSTGRES: Final = "localhost/headland-postgres:17"
INFLUXDB: Final = "localhost/headland-influxdb:2"
RABBITMQ: Final = "localhost/headland-rabbitmq:4"
VICTORIA: Final = "localhost/headland-victoria:1"
#: Shards of each worker, and the gateway whose shard is among them.
WORKERS: Final = {"ingest": ("0-4", "gw-7"), "ingest-2": ("5-9", "gw-1"), "ingest-3": ("10-15", "gw-2")}
SIMULATORS: Final = ("sim-drone", "sim-greenhouse")
_KEY: Final = ("api", "headland", "key", "add", "test")
_STORE_URL: Final = (
    "victoria+http://victoria:8428?side=postgresql://headland:${HEADLAND_POSTGRES_PASSWORD}@postgres:5432/headland"
)

SPLIT: Final = Layout(
    services=("broker", "influxdb", "postgres", "ingest", "api", "edge", *SIMULATORS),
    gateways={"gw-1": "edge"},
    simulators=SIMULATORS,
    key=_KEY,
    options=("--profile", "split"),
)
MANY: Final = Layout(
    services=("broker", "victoria", "postgres", *WORKERS, "api", "edge", "edge-2", "edge-7", *SIMULATORS),
    gateways={"gw-1": "edge", "gw-2": "edge-2", "gw-7": "edge-7"},
    simulators=SIMULATORS,
    key=_KEY,
    file=FOLDER / "workers.yml",
    options=("--profile", "split"),
)


def main(words: Sequence[str]) -> int:
    """Build, start, kill each service, and compare the gateways' records with the store's."""
    parser = argparse.ArgumentParser(prog="make compose-split-test", description=__doc__)
    parser.add_argument("--workers", action="store_true", help="RabbitMQ, three sharded workers and VictoriaMetrics")
    parser.add_argument("--built", action="store_true", help="take the images that the last call built")
    parser.add_argument("--keep", action="store_true", help="keep images and base for the next call")
    asked = parser.parse_args(words)
    images = {"POSTGRES_IMAGE": POSTGRES, "INFLUXDB_IMAGE": INFLUXDB}
    farm = Compose(MANY if asked.workers else SPLIT, {**made_env(FOLDER / "split.env"), **images})
    if not asked.built:
        farm.build()
        farm.build_image("postgres", POSTGRES, IMAGES)
        if asked.workers:
            farm.build_image("rabbitmq", RABBITMQ, IMAGES)
            farm.build_image("victoria", VICTORIA, IMAGES)
        else:
            farm.build_image("influxdb", INFLUXDB, IMAGES)
    if asked.workers:
        shipped = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
        MANY.file.write_text(json.dumps(with_workers(shipped, FOLDER), indent=1), encoding="utf-8")
    try:
        prove(farm)
    finally:
        farm.close(keep=asked.keep)
    return 0


def made_env(path: Path) -> dict[str, str]:
    """Return the settings that make-env.sh writes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    subprocess.run(["sh", str(ROOT / "deploy" / "make-env.sh"), str(path)], check=True, stderr=subprocess.DEVNULL)
    return dict(line.split("=", 1) for line in path.read_text(encoding="utf-8").splitlines())


def with_workers(shipped: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Return the shipped file with RabbitMQ, VictoriaMetrics, three workers and three gateways.

    The settings of the other gateways are written into `folder`.
    """
    made = copy.deepcopy({key: shipped[key] for key in ("name", "services", "volumes")})
    services: dict[str, Any] = made["services"]
    del services["station"], services["influxdb"]
    services["broker"]["image"] = RABBITMQ
    services["broker"]["mem_limit"] = "2g"
    services["broker"]["volumes"][0] = "broker:/var/lib/rabbitmq"
    services["victoria"] = {
        **{key: copy.deepcopy(services["postgres"][key]) for key in ("restart", "init", "read_only", "cap_drop")},
        "image": VICTORIA,
        "tmpfs": ["/tmp"],
        "volumes": ["victoria:/var/lib/victoria-metrics"],
        "healthcheck": {
            "test": ["CMD-SHELL", "bash -c 'exec 3<>/dev/tcp/127.0.0.1/8428'"],
            "interval": "5s",
            "timeout": "3s",
            "retries": 24,
        },
    }
    one_worker, one_gateway = services["ingest"], services["edge"]
    one_worker["environment"]["HEADLAND_STORE_URL"] = _STORE_URL
    one_worker["depends_on"] = {name: {"condition": "service_healthy"} for name in ("broker", "victoria", "postgres")}
    for name, (shards, _) in WORKERS.items():
        worker = services[name] = copy.deepcopy(one_worker)
        worker["command"].append(f"--shards={shards}")
        worker["volumes"][0] = f"{name}:/var/lib/headland"
        if name != "ingest":  # one of them publishes to Home Assistant
            del worker["environment"]["HEADLAND_HOME_ASSISTANT"]
    api = services["api"]
    api["environment"]["HEADLAND_STORE_URL"] = _STORE_URL
    api["command"] += [f"--ingest=http://{name}:8001" for name in WORKERS if name != "ingest"]
    api["depends_on"] = {name: {"condition": "service_healthy"} for name in ("victoria", "postgres")}
    for name in ("gw-2", "gw-7"):
        number = name.removeprefix("gw-")
        settings = folder / f"{name}.toml"
        settings.write_text(settings_of(name), encoding="utf-8")
        gateway = services[f"edge-{number}"] = copy.deepcopy(one_gateway)
        login = f"login-{number}"
        gateway["volumes"] = [f"edge-{number}:/var/lib/headland", f"{login}:/run/headland/gw-1:ro"]
        gateway["volumes"].append(f"{settings}:/etc/headland/edge.toml:ro")
        services["broker"]["volumes"].append(f"{login}:/run/headland/{name}")
        made["volumes"].update({f"edge-{number}": None, login: None})
    made["volumes"].update(dict.fromkeys(("victoria", *WORKERS)))
    return made


def settings_of(gateway: str) -> str:
    """Return the shipped settings for another gateway, which reads the greenhouse only, as a device of its own."""
    text = (ROOT / "deploy" / "edge.toml").read_text(encoding="utf-8")
    head, _, sources = text.partition("[[source]]")
    greenhouse = sources.partition("[[source]]")[2].replace("greenhouse-1", f"greenhouse-{gateway}")
    return f"{head.replace('gw-1', gateway)}[[source]]{greenhouse}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
