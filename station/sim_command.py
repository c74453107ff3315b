"""`headland sim`: simulated hardware."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from station.command_options import stop_event

sim_app = typer.Typer(no_args_is_help=True, help="Simulated hardware that speaks its real protocols.")


@sim_app.command("drone")
def sim_drone(
    connect: Annotated[str, typer.Option(help="udpout:HOST:PORT, udpin:, tcp: or tcpin:")] = "udpout:127.0.0.1:14550",
    scenario: Annotated[str, typer.Option(help="What to fly.")] = "demo",
    seed: Annotated[int, typer.Option(help="The random seed.")] = 1,
    speed: Annotated[float, typer.Option(help="How much faster than real time.")] = 1.0,
    start_ms: Annotated[
        int | None, typer.Option(help="Where simulated time starts, epoch ms; now when left out.")
    ] = None,
    real_start_ms: Annotated[int | None, typer.Option(help="The real time that start belongs to, epoch ms.")] = None,
    truth: Annotated[Path | None, typer.Option(help="A folder for what is really true.")] = None,
    system_id: Annotated[int, typer.Option(help="The MAVLink system id.")] = 1,
) -> None:
    """Fly a simulated spraying drone over MAVLink."""
    from firmware_sim.drone import DroneSettings, run_drone

    run_drone(
        DroneSettings(
            connect=connect,
            scenario=scenario,
            seed=seed,
            speed=speed,
            start_ms=_resumed_ms(speed, start_ms, real_start_ms),
            truth_dir=truth,
            system_id=system_id,
        ),
        stop_event(),
    )


@sim_app.command("greenhouse")
def sim_greenhouse(
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The Modbus/TCP port to listen on.")] = 5020,
    scenario: Annotated[str, typer.Option(help="Which house.")] = "hubei-tomato",
    seed: Annotated[int, typer.Option(help="The random seed.")] = 1,
    speed: Annotated[float, typer.Option(help="How much faster than real time.")] = 1.0,
    start_ms: Annotated[
        int | None, typer.Option(help="Where simulated time starts, epoch ms; now when left out.")
    ] = None,
    real_start_ms: Annotated[int | None, typer.Option(help="The real time that start belongs to, epoch ms.")] = None,
    truth: Annotated[Path | None, typer.Option(help="A folder for what is really true.")] = None,
) -> None:
    """Run a simulated greenhouse behind a Modbus/TCP controller."""
    from firmware_sim.greenhouse_server import GreenhouseSettings, run_greenhouse

    run_greenhouse(
        GreenhouseSettings(
            host=host,
            port=port,
            scenario=scenario,
            seed=seed,
            speed=speed,
            start_ms=_resumed_ms(speed, start_ms, real_start_ms),
            truth_dir=truth,
        ),
        stop_event(),
    )


def _resumed_ms(speed: float, start_ms: int | None, real_start_ms: int | None) -> int:
    """Return the simulated time now, of a clock that read `start_ms` at `real_start_ms`: a restart repeats nothing."""
    from firmware_sim.clock import SimClock

    now_ms = time.time_ns() // 1_000_000
    if start_ms is None:
        return now_ms
    return SimClock(speed, start_ms, now_ms if real_start_ms is None else real_start_ms).now_ms(now_ms)
