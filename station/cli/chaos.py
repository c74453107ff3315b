"""`headland chaos`: hurts a farm of its own, fault by fault, and proves that nothing was lost or doubled."""

from __future__ import annotations

import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated

import typer

from headland.errors import SettingsError

if TYPE_CHECKING:
    from rich.console import Console

    from station.chaos.rounds import ChaosSettings
    from station.chaos.soak import SoakSettings


def chaos(
    rounds: Annotated[int, typer.Option(help="How many faults, one a round.", min=1, max=10_000)] = 30,
    seed: Annotated[int, typer.Option(help="The same seed does the same faults in the same order.")] = 7,
    only: Annotated[list[str] | None, typer.Option(help="Only this fault; may be repeated.")] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the figures into this file too.")] = None,
    keep: Annotated[Path | None, typer.Option(help="Keep the farm's folder here (it must be new or empty).")] = None,
    broker: Annotated[str, typer.Option(help="auto, mosquitto or iotcore.")] = "auto",
    freeze_s: Annotated[float, typer.Option(help="Seconds that a SIGSTOP and other states last.", min=0.2)] = 10.0,
    soak: Annotated[float, typer.Option(help="Instead: simulate so many hours of many gateways.", min=0.0)] = 0.0,
    gateways: Annotated[int, typer.Option(help="How many gateways a soak has.", min=1, max=1000)] = 200,
    speed: Annotated[float, typer.Option(help="A soak's simulated seconds a second; 0: all that goes.", min=0.0)] = 0.0,
    list_faults: Annotated[bool, typer.Option("--list", help="Name the faults and do nothing.")] = False,
) -> None:
    """Run a whole farm in a folder of its own, do one fault after another to it, and compare store and truth.

    The exit code is 1 when anything was lost, doubled or not answered for.
    """
    from rich.console import Console

    from station.local.broker import choose_broker

    if list_faults:
        from station.chaos.faults import FAULTS

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
    with _ended_by_sigterm(), _folder(keep) as root:
        if soak > 0:
            from station.chaos.soak import SoakSettings

            is_sound = _soak(SoakSettings(soak, gateways, speed, kind), root, console, json_file)
        else:
            from station.chaos.rounds import ChaosSettings

            is_sound = _hurt(ChaosSettings(rounds, seed, only or (), kind, freeze_s), root, console, json_file)
        if not is_sound and keep is None:
            kept = root.rename(root.with_name(f"{root.name}-kept"))
            console.print(f"The farm's folder, with its logs, is kept: {kept}", highlight=False)
    raise typer.Exit(0 if is_sound else 1)


def _hurt(settings: ChaosSettings, root: Path, console: Console, json_file: Path | None) -> bool:
    from station.chaos.report import make_table, say_round, write_json
    from station.chaos.rounds import run_chaos

    done = run_chaos(settings, root, lambda one: say_round(console, one))
    console.print(make_table(done, settings.seed))
    for one in done:
        for sentence in one.trouble:
            console.print(f"round {one.number}, {one.fault}: {sentence}", style="red", highlight=False)
    if json_file is not None:
        write_json(json_file, settings, settings.broker, done)
    return all(one.is_sound for one in done)


def _soak(settings: SoakSettings, root: Path, console: Console, json_file: Path | None) -> bool:
    from station.chaos.report import make_soak_table
    from station.chaos.soak import run_soak, write_soak

    result = run_soak(settings, root, lambda sentence: console.print(sentence, highlight=False))
    console.print(make_soak_table(result))
    for sentence in result.trouble[:20]:
        console.print(sentence, style="red", highlight=False)
    if json_file is not None:
        write_soak(json_file, result)
    return result.is_sound


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
