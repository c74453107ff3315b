"""A gateway as a process that ends by SIGKILL at a named step of an order, once it is armed by a file."""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path
from typing import Any, Final

from edge.agent import agent
from edge.agent.farm_orders import FarmOrders
from edge.agent.settings import load_settings
from edge.agent.sources.farm_sources import FarmSources
from edge.uplink.uplink import Uplink

#: By where in an order the process ends: the step before which it does.
STEPS: Final[dict[str, tuple[type, str]]] = {
    "the order was received": (FarmOrders, "_carry_out"),
    "half of the file was written": (Path, "replace"),
    "the file was written": (FarmSources, "_stop"),
    "the source before was ended": (FarmSources, "_run"),
    "the source runs": (FarmSources, "_drop_unused_maps"),
    "all was done but the answer": (Uplink, "answer"),
}
ARMED: Final = "armed"
INSTANCE: Final = "instance"


def end_before(step: tuple[type, str], folder: Path) -> None:
    """Let the process end before a step that an order takes, where `folder` has the file that arms it."""
    owner, name = step
    real, take = getattr(owner, name), FarmOrders.take
    is_order = threading.Event()

    def ends(*arguments: Any, **more: Any) -> Any:
        if is_order.is_set():
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*arguments, **more)

    def takes(orders: FarmOrders, now_ms: int) -> None:
        if (folder / ARMED).exists():
            is_order.set()
        take(orders, now_ms)
        is_order.clear()

    setattr(owner, name, ends)
    setattr(FarmOrders, "take", takes)  # noqa: B010 - an assignment is an error for mypy


def main(config: Path, step: str) -> None:
    """Run the gateway of a configuration file until it is ended."""
    folder = config.parent
    start = agent.Agent.start

    def starts(started: agent.Agent) -> None:
        start(started)
        (folder / INSTANCE).write_text(started._uplink.instance)

    setattr(agent.Agent, "start", starts)  # noqa: B010
    setattr(agent, "STATUS_S", 0.1)  # noqa: B010
    if step:
        end_before(STEPS[step], folder)
    agent.run_agent(load_settings(config, os.environ), threading.Event())


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
