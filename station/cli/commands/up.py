"""`headland up`: a whole farm on this machine."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from headland.clock import wall_clock_ms
from station.cli.log_output import LogRecordFormat, configure_logging, pass_to_children
from station.cli.option import Option
from station.cli.options import (
    NETWORK,
    SIMULATION,
    ApiWorkersOption,
    DataOption,
    LanguageChoice,
    LogFormatOption,
    farm_folder,
)

if TYPE_CHECKING:
    from headland.i18n import Language

_LOGGER = logging.getLogger(__name__)

#: Environment variable of --past.
PAST = "HEADLAND_PAST"


class BrokerChoice(StrEnum):
    """MQTT broker that `headland up` runs."""

    AUTO = "auto"
    MOSQUITTO = "mosquitto"
    IOTCORE = "iotcore"


def up(
    port: Annotated[int, Option(help="Port of the API and the web page on 127.0.0.1; 0 picks a free one.")] = 8000,
    data: DataOption = None,
    scenario: Annotated[str, Option(help="Simulation scenario; a wrong name lists them all.")] = "jurong-farm",
    speed: Annotated[float, Option(help="Simulation speed, 1 to 100 times real time.")] = 1.0,
    no_sim: Annotated[bool, Option("--no-sim", help="Start no simulators.")] = False,
    past: Annotated[
        bool,
        Option(
            "--past/--no-past",
            envvar=PAST,
            help="Give a new simulated farm a past: two weeks of its greenhouses, a week of passes.",
            rich_help_panel=SIMULATION,
        ),
    ] = True,
    scale: Annotated[
        int | None,
        Option(
            help="Number of compartments, 2 to 240, for the scenario hubei-greenhouses.", rich_help_panel=SIMULATION
        ),
    ] = None,
    seed: Annotated[int, Option(help="Random seed of the simulators.", rich_help_panel=SIMULATION)] = 1,
    language: Annotated[
        LanguageChoice | None,
        Option(
            help="Language of the names of a new farm and its simulated places.",
            show_default="that of the locale",
            rich_help_panel=SIMULATION,
        ),
    ] = None,
    broker: Annotated[
        BrokerChoice,
        Option(help="MQTT broker; auto prefers mosquitto where it is installed.", rich_help_panel=NETWORK),
    ] = BrokerChoice.AUTO,
    api_workers: ApiWorkersOption = 1,
    listen: Annotated[
        str | None,
        Option(
            metavar="HOST[:PORT]",
            help="Also accept gateways from the network at this address; 0.0.0.0 means every address.",
            rich_help_panel=NETWORK,
        ),
    ] = None,
    tls_cert: Annotated[
        Path | None, Option(help="Certificate of the broker for --listen (PEM).", rich_help_panel=NETWORK)
    ] = None,
    tls_key: Annotated[
        Path | None, Option(help="Private key of the broker's certificate (PEM).", rich_help_panel=NETWORK)
    ] = None,
    tls_ca: Annotated[
        Path | None, Option(help="CA certificate distributed to gateways (PEM).", rich_help_panel=NETWORK)
    ] = None,
    tls_mutual: Annotated[
        bool,
        Option(
            "--tls-mutual",
            help="Require gateways to present a certificate signed by --tls-ca.",
            rich_help_panel=NETWORK,
        ),
    ] = False,
    enrol: Annotated[
        bool,
        Option(
            "--enrol",
            help="Accept gateways at --listen by certificates that they get from this farm with a one-time code.",
            rich_help_panel=NETWORK,
        ),
    ] = False,
    broker_name: Annotated[
        list[str] | None,
        Option(
            metavar="NAME",
            help="With --enrol: another name or address by which gateways reach the broker.",
            rich_help_panel=NETWORK,
        ),
    ] = None,
    insecure: Annotated[
        bool,
        Option(
            "--insecure",
            help="Allow --listen without TLS: passwords cross the network unencrypted.",
            rich_help_panel=NETWORK,
        ),
    ] = False,
    ground_station: Annotated[
        list[str] | None,
        Option(
            metavar="URL",
            help="With --no-sim: a ground station that shares the drones' link, such as udpout:127.0.0.1:14551.",
            rich_help_panel=NETWORK,
        ),
    ] = None,
    log_format: LogFormatOption = LogRecordFormat.TEXT,
) -> None:
    """Run a whole farm on this machine: broker, station, gateway and simulators. Ctrl-C stops it."""
    from station.local.broker_listener import make_listener, tls_files
    from station.local.plan import UpSettings
    from station.local.up import run_farm

    configure_logging("up", log_format)
    pass_to_children(log_format)
    folder = farm_folder(data)
    tls = tls_files(tls_cert, tls_key, tls_ca, mutual=tls_mutual)
    if enrol or broker_name:
        from station.local.enrolment.listener import own_tls_files  # its certificates are eight megabytes of code

        tls = own_tls_files(folder, listen if enrol else None, tls, broker_name or (), wall_clock_ms())
    run_farm(
        UpSettings(
            port=port,
            data_dir=folder.root,
            scenario=scenario,
            past=past,
            scale=scale,
            language=language_of_locale(os.environ) if language is None else language.value,
            speed=speed,
            simulate=not no_sim,
            ground_stations=tuple(ground_station or ()),
            broker=broker.value,
            seed=seed,
            listener=make_listener(listen, tls, insecure=insecure),
            api_workers=api_workers,
            prints_key=log_format is LogRecordFormat.TEXT,
        ),
        _line_output(log_format),
    )


def _line_output(log_format: LogRecordFormat) -> Callable[[str], None]:
    """Return the function that writes a line about the farm: to standard output, or as a log record in JSON."""
    if log_format is LogRecordFormat.TEXT:
        return _print_line
    _LOGGER.setLevel(logging.INFO)
    return lambda line: _LOGGER.info(line.strip())


def _print_line(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def language_of_locale(environment: Mapping[str, str]) -> Language:
    """Return the language of a process by its environment: Chinese where the locale of its texts is, else English."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if environment.get(name):
            return "zh" if environment[name].lower().startswith("zh") else "en"
    return "en"
