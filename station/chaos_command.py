"""`headland chaos`: hurts a farm of its own, fault by fault, and proves that nothing was lost or doubled."""

from __future__ import annotations

import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer

from headland.errors import SettingsError


def chaos(
    rounds: Annotated[int, typer.Option(help="How many faults, one a round.", min=1, max=10_000)] = 30,
    seed: Annotated[int, typer.Option(help="The same seed does the same faults in the same order.")] = 7,
    only: Annotated[list[str] | None, typer.Option(help="Only this fault; may be repeated.")] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the figures into this file too.")] = None,
    keep: Annotated[Path | None, typer.Option(help="Keep the farm's folder here (it must be new or empty).")] = None,
    broker: Annotated[str, typer.Option(help="auto, mosquitto or iotcore.")] = "auto",
    freeze_s: Annotated[float, typer.Option(help="Seconds that a SIGSTOP and other states last.", min=0.2)] = 10.0,
    list_faults: Annotated[bool, typer.Option("--list", help="Name the faults and do nothing.")] = False,
) -> None:
    """Run a whole farm in a folder of its own, do one fault after another to it, and compare store and truth.

    The exit code is 1 when anything was lost, doubled or not answered for.
    """
    from rich.console import Console

    from station.broker import choose_broker
    from station.chaos.faults import FAULTS
    from station.chaos.report import make_table, say_round, write_json
    from station.chaos.rounds import ChaosSettings, run_chaos

    if list_faults:
        typer.echo("\n".join(FAULTS))
        return
    if broker not in ("auto", "mosquitto", "iotcore"):
        raise SettingsError(f"There is no broker {broker!r}: take auto, mosquitto or iotcore.")
    kind = choose_broker(broker)  # type: ignore[arg-type] # checked one line above
    console = Console()
    if kind == "iotcore":
        console.print(
            "The broker is iotcore: it keeps nothing. A restart or a kill of it forgets sessions, queued messages and "
            "retained acks, and any gateway may write any topic; what is proven is that the spools make up for it."
        )
    settings = ChaosSettings(rounds, seed, only or (), kind, freeze_s)
    with _ended_by_sigterm(), _folder(keep) as root:
        done = run_chaos(settings, root, lambda one: say_round(console, one))
    console.print(make_table(done, seed))
    for one in done:
        for sentence in one.trouble:
            console.print(f"round {one.number}, {one.fault}: {sentence}", style="red", highlight=False)
    if json_file is not None:
        write_json(json_file, settings, kind, done)
    raise typer.Exit(0 if all(one.is_sound for one in done) else 1)


@contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    if keep is None:
        with tempfile.TemporaryDirectory(prefix="headland-chaos-", ignore_cleanup_errors=True) as name:
            yield Path(name)
        return
    root = keep.expanduser().absolute()
    root.mkdir(parents=True, exist_ok=True)
    if any(root.iterdir()):
        raise SettingsError(f"{root} is not empty: --keep wants a new folder.")
    yield root


@contextmanager
def _ended_by_sigterm() -> Iterator[None]:
    """Let SIGTERM end the block as Ctrl-C does, so that what it started is ended too."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
