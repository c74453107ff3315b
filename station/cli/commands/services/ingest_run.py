"""`headland ingest run`: the ingest service."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from headland.errors import SettingsError
from headland.plain_numbers import is_digits
from station.cli.log_output import LogRecordFormat, configure_logging
from station.cli.option import Option
from station.cli.options import (
    BROKER,
    NETWORK,
    AckSecretOption,
    BrokerOption,
    DataOption,
    HomeOption,
    LogFormatOption,
    OwnerOption,
    PasswordFileOption,
    StoreOption,
    TracesOption,
    UsernameOption,
    ack_secret,
    farm_folder,
    home_prefix,
    host_and_port,
    ingest_bounds,
    read_password,
    trace_settings,
)
from station.server.ingest_access.worker_token import worker_token
from station.server.signals import stop_event
from station.server.storage.stores import folder_beside, store_url


def ingest_run(
    broker: BrokerOption,
    username: UsernameOption = "ingest",
    password_file: PasswordFileOption = None,
    ack_secret_file: AckSecretOption = None,
    client_id: Annotated[
        str | None,
        Option(
            help="MQTT client id; the broker queues messages under it while the service is down.",
            show_default="from the shards",
            rich_help_panel=BROKER,
        ),
    ] = None,
    data: DataOption = None,
    organisation: OwnerOption = "local",
    shards: Annotated[str, Option(help="Shards of 0 to 15 to process: 0-7, or 0,2,9-11.")] = "0-15",
    store: StoreOption = None,
    listen: Annotated[
        str | None,
        Option(
            metavar="HOST:PORT",
            help="Serve gateway status to an API that has the same HEADLAND_WORKER_TOKEN.",
            rich_help_panel=NETWORK,
        ),
    ] = None,
    home_assistant: HomeOption = None,
    traces: TracesOption = None,
    log_format: LogFormatOption = LogRecordFormat.TEXT,
) -> None:
    """Run ingest as a service for all shards or some. Each service has its own broker session and quarantine.

    Of several services of a broker, only one may publish to Home Assistant.
    """
    from headland.contract.ack_keys import session_name
    from headland.contract.topics import SHARDS
    from ingest.settings import IngestSettings
    from station.server.serve import run_ingest, run_station
    from station.server.settings import StationSettings

    configure_logging("ingest", log_format)
    taken = parse_shards(shards)
    name = f"ingest-{min(taken)}-{max(taken)}" if len(taken) < SHARDS else "ingest-0"
    host, port = host_and_port(broker)
    password = read_password(password_file)
    folder = farm_folder(data)
    url = store_url(store, folder.store_path)
    secret = ack_secret(ack_secret_file, folder)
    settings = IngestSettings(
        host=host,
        port=port,
        username=None if password is None else username,
        password=password,
        ack_secret=secret,
        organisation=organisation,
        client_id=client_id or session_name(secret, name),
        former_client_id=None if client_id else name,
        shards=taken,
        quarantine_path=folder_beside(url, folder.store_path.parent)
        / ("quarantine.sqlite" if len(taken) == SHARDS else f"quarantine-{name}.sqlite"),
        **ingest_bounds(),
    )
    prefix = home_prefix(home_assistant)
    if listen is None:
        run_ingest(settings, url, stop_event(), prefix, trace_settings(traces))
    else:
        host, port = host_and_port(listen)
        token = worker_token(folder)
        served = StationSettings(store_url=url, host=host, port=port, ingest=settings, worker_token=token)
        run_station(replace(served, home_prefix=prefix, traces=trace_settings(traces)))


def parse_shards(text: str) -> frozenset[int]:
    """Return the shards in a list such as `0-7` or `0,2,9-11`; raises SettingsError."""
    from headland.contract.topics import SHARDS

    shards: set[int] = set()
    for part in text.split(","):
        low, dash, high = part.strip().partition("-")
        high = high if dash else low
        if not (is_digits(low) and is_digits(high) and int(low) <= int(high) < SHARDS):
            raise SettingsError(
                f"{text!r} is not a list of shards: write 0-7, or 0,2,9-11, with shards from 0 to {SHARDS - 1}."
            )
        shards |= set(range(int(low), int(high) + 1))
    return frozenset(shards)
