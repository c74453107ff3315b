"""`headland edge run`: the gateway daemon."""

from __future__ import annotations

import os

from station.cli.log_output import LogRecordFormat, configure_logging
from station.cli.options import ConfigOption, LogFormatOption
from station.server.signals import stop_event


def edge_run(config: ConfigOption, log_format: LogFormatOption = LogRecordFormat.TEXT) -> None:
    """Run the gateway daemon until SIGTERM or Ctrl-C."""
    from edge.agent.agent import run_agent
    from edge.agent.settings import load_settings
    from edge.imports.card.formats import log_formats

    configure_logging("edge", log_format)
    run_agent(load_settings(config, os.environ), stop_event(), log_formats)
