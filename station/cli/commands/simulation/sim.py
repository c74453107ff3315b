"""`headland sim`: simulated drones, greenhouses and providers of weather forecasts."""

from __future__ import annotations

from station.cli.commands.simulation.fit import sim_fit
from station.cli.commands.simulation.simulators import sim_drone, sim_greenhouse, sim_past
from station.cli.commands.simulation.weather import sim_weather
from station.cli.commands_app import Commands

sim_app = Commands(
    no_args_is_help=True, help="Simulate drones, greenhouses and weather services on their real protocols."
)
sim_app.command("drone")(sim_drone)
sim_app.command("greenhouse")(sim_greenhouse)
sim_app.command("fit")(sim_fit)
sim_app.command("weather")(sim_weather)
sim_app.command("past", hidden=True)(sim_past)
