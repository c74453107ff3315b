"""The small farm of docker-compose.yml under podman, with each service killed: `make compose-test`, as root.

Proven: every service becomes healthy, each comes back after SIGKILL, and afterwards every record of the gateway is in
the store once.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import Final

from tests.deploy.containers import Compose, Layout, prove

SMALL: Final = Layout(
    services=("broker", "station", "edge", "sim-drone", "sim-greenhouse"),
    gateways={"gw-1": "edge"},
    simulators=("sim-drone", "sim-greenhouse"),
    key=("station", "cat", "/var/lib/headland/api-key"),
)


def main(words: Sequence[str]) -> int:
    """Build, start, kill each service, and compare the gateway's records with the store's."""
    parser = argparse.ArgumentParser(prog="make compose-test", description=__doc__)
    parser.add_argument("--built", action="store_true", help="take the images that the last call built")
    parser.add_argument("--keep", action="store_true", help="keep images and base for the next call")
    asked = parser.parse_args(words)
    farm = Compose(SMALL, {})
    if not asked.built:
        farm.build()
    try:
        prove(farm)
    finally:
        farm.close(keep=asked.keep)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
