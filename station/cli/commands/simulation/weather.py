"""`headland sim weather`: simulated providers of weather forecasts."""

from __future__ import annotations

from typing import Annotated

from headland.clock import wall_clock_ms
from station.cli.commands.simulation.simulators import RealStartOption, SeedOption, StartOption
from station.cli.log_output import LogRecordFormat, configure_logging
from station.cli.option import Option
from station.cli.options import NETWORK, SIMULATION, LogFormatOption
from station.server.signals import stop_event


def sim_weather(
    scenario: Annotated[
        list[str] | None,
        Option(
            help="Greenhouse scenario whose place and weather the providers know. Repeat for several.",
            show_default="hubei-tomato",
        ),
    ] = None,
    host: Annotated[str, Option(help="Address to listen on.", rich_help_panel=NETWORK)] = "127.0.0.1",
    port: Annotated[int, Option(help="Port to listen on; 0 for a free one.", rich_help_panel=NETWORK)] = 8030,
    fault: Annotated[
        list[str] | None,
        Option(
            help="Inject a fault: status=CODE or status=CODE:RETRY-AFTER, late=SECONDS, gap=HOURS, slow=SECONDS, "
            "garbage, units, dst, other-place, deprecated. Repeat for several.",
            rich_help_panel=SIMULATION,
        ),
    ] = None,
    speed: Annotated[float, Option(help="Simulation speed, as a multiple of real time.")] = 1.0,
    seed: SeedOption = 1,
    start_ms: StartOption = None,
    real_start_ms: RealStartOption = None,
    log_format: LogFormatOption = LogRecordFormat.TEXT,
) -> None:
    """Simulate MET Norway, Open-Meteo and QWeather: forecasts of the scenarios' weather, worse the further ahead."""
    from firmware_sim.weather.faults import read_faults
    from firmware_sim.weather.server import WeatherSettings, run_weather

    configure_logging("sim-weather", log_format)
    now_ms = wall_clock_ms()
    run_weather(
        WeatherSettings(
            host=host,
            port=port,
            scenarios=tuple(scenario or ("hubei-tomato",)),
            seed=seed,
            speed=speed,
            start_ms=now_ms if start_ms is None else start_ms,
            real_start_ms=now_ms if real_start_ms is None else real_start_ms,
            faults=read_faults(fault or ()),
        ),
        stop_event(),
    )
