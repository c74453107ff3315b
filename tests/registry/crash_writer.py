"""Adds farms to a registry without end and prints the name of each that was acknowledged. For a test that kills it."""

from __future__ import annotations

import sys

from headland.registry.models.models import Farm
from headland.registry.registry import open_registry

if __name__ == "__main__":
    registry = open_registry(sys.argv[1])
    repositories = registry.repositories(registry.organisation("local").id, "writer")
    number = 0
    while True:
        print(repositories.farms.add(Farm(name=f"farm {number}")).name, flush=True)
        number += 1
