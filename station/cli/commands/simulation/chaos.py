"""`headland chaos`: injects faults into a farm of its own and checks that nothing is lost or duplicated."""

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
from station.cli.exit_codes import ExitCode
from station.cli.log_output import report_error

if TYPE_CHECKING:
    from rich.console import Console

    from station.chaos.rounds import ChaosSettings
    from station.chaos.soak import SoakSettings

_SOAK = "Soak test"


def chaos(
    rounds: Annotated[int, typer.Option(help="Number of faults, one per round.", min=1, max=10_000)] = 30,
    seed: Annotated[int, typer.Option(help="Random seed; the same seed gives the same faults in the same order.")] = 7,
    only: Annotated[list[str] | None, typer.Option(help="Run this fault only; repeat for several.")] = None,
    list_faults: Annotated[bool, typer.Option("--list", help="List the faults and exit.")] = False,
    json_file: Annotated[Path | None, typer.Option("--json", help="Also write the results to this file.")] = None,
    keep: Annotated[Path | None, typer.Option(help="Keep the farm's folder here; it must be new or empty.")] = None,
    broker: Annotated[str, typer.Option(help="MQTT broker: auto, mosquitto or iotcore.")] = "auto",
    freeze_s: Annotated[
        float, typer.Option(help="Duration of a suspended process, a full disk and similar faults [s].", min=0.2)
    ] = 10.0,
    soak: Annotated[
        float,
        typer.Option(
            help="Run a soak test instead: hours of many gateways to simulate.", min=0.0, rich_help_panel=_SOAK
        ),
    ] = 0.0,
    gateways: Annotated[int, typer.Option(help="Number of gateways.", min=1, max=1000, rich_help_panel=_SOAK)] = 200,
    speed: Annotated[
        float,
        typer.Option(help="Simulated seconds per second; 0: as fast as possible.", min=0.0, rich_help_panel=_SOAK),
    ] = 0.0,
) -> None:
    """Inject faults into a farm of its own, one per round, and compare the store with what was sent.

    The exit code is 1 where a value was lost or duplicated, or anything else went wrong, and 3 where the machine was
    too slow for a verdict.
    """
    from rich.console import Console

    from station.local.broker import choose_broker

    if list_faults:
        from station.chaos.faults.faults import FAULTS

        typer.echo("\n".join(FAULTS))
        return
    if broker not in ("auto", "mosquitto", "iotcore"):
        raise SettingsError(f"Unknown broker {broker!r}: choose auto, mosquitto or iotcore.")
    kind = choose_broker(broker)  # type: ignore[arg-type] # checked one line above
    console = Console()
    if kind == "iotcore":
        console.print(
            "The broker is iotcore, which stores nothing: a restart loses sessions, queued messages and retained acks, "
            "and any gateway may write any topic. The test checks that the gateways' spools make up for it."
        )
    with _ended_by_sigterm(), _folder(keep) as root:
        if soak > 0:
            from station.chaos.soak import SoakSettings

            code = _run_soak(SoakSettings(soak, gateways, speed, kind), root, console, json_file)
        else:
            from station.chaos.rounds import ChaosSettings

            code = _run_rounds(ChaosSettings(rounds, seed, only or (), kind, freeze_s), root, console, json_file)
        if code and keep is None:
            kept_folder = root.rename(root.with_name(f"{root.name}-kept"))
            console.print(f"The farm's folder with its logs: {kept_folder}", highlight=False)
    raise typer.Exit(code)


def _run_rounds(settings: ChaosSettings, root: Path, console: Console, json_file: Path | None) -> ExitCode:
    from station.chaos.farm.core import NotInTime
    from station.chaos.report import make_table, print_round, write_json
    from station.chaos.rounds import run_chaos

    try:
        rounds = run_chaos(settings, root, lambda finished: print_round(console, finished))
    except NotInTime as error:
        report_error(str(error))
        return ExitCode.UNDECIDED
    console.print(make_table(rounds, settings.seed))
    for finished in rounds:
        for sentence in finished.trouble:
            console.print(f"round {finished.number}, {finished.fault}: {sentence}", style="red", highlight=False)
    if json_file is not None:
        write_json(json_file, settings, settings.broker, rounds)
    if not all(finished.is_sound for finished in rounds):
        return ExitCode.FAILED
    return ExitCode.OK if all(finished.is_decided for finished in rounds) else ExitCode.UNDECIDED


def _run_soak(settings: SoakSettings, root: Path, console: Console, json_file: Path | None) -> ExitCode:
    from station.chaos.farm.core import NotInTime
    from station.chaos.report import make_soak_table
    from station.chaos.soak import run_soak, write_soak

    try:
        result = run_soak(settings, root, lambda sentence: console.print(sentence, highlight=False))
    except NotInTime as error:
        report_error(str(error))
        return ExitCode.UNDECIDED
    console.print(make_soak_table(result))
    for sentence in result.trouble[:20]:
        console.print(sentence, style="red", highlight=False)
    if json_file is not None:
        write_soak(json_file, result)
    return ExitCode.OK if result.is_sound else ExitCode.FAILED


@contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    if keep is None:
        with tempfile.TemporaryDirectory(prefix="headland-chaos-", ignore_cleanup_errors=True) as name:
            yield Path(name)
        return
    root = keep.expanduser().absolute()
    root.mkdir(parents=True, exist_ok=True)
    if any(root.iterdir()):
        raise SettingsError(f"The folder {root} is not empty: choose a new or empty folder for --keep.")
    yield root


@contextmanager
def _ended_by_sigterm() -> Iterator[None]:
    """Raise KeyboardInterrupt at SIGTERM, as at Ctrl-C: the child processes are ended in both cases."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
