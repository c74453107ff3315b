"""Services that run on their own: `headland station`, `headland api`, and the broker that `headland up` starts."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated, Final

from station.cli.log_output import LogRecordFormat, configure_logging
from station.cli.option import Option
from station.cli.options import (
    NETWORK,
    AckSecretOption,
    AllowOriginOption,
    ApiWorkersOption,
    AudienceOption,
    BrokerOption,
    DataOption,
    HomeOption,
    IssuerOption,
    LanguageChoice,
    LogFormatOption,
    MailOption,
    OwnerOption,
    PasswordFileOption,
    PublicUrlOption,
    RegistryOption,
    StoreOption,
    TracesOption,
    TrustedProxyOption,
    UsernameOption,
    ack_secret,
    addresses,
    farm_folder,
    forecast_keys,
    home_prefix,
    host_and_port,
    ingest_bounds,
    limits_from_environment,
    mail_settings,
    oidc_issuer,
    photo_files,
    read_password,
    trace_settings,
    webhook_networks,
)
from station.server.api_workers.place import place_of
from station.server.process_memory import without_garbage_search
from station.server.storage.registries import registry_url
from station.server.storage.stores import store_url

#: The station's ingest has all shards.
_WORKER: Final = "ingest-0"
_LOGGER = logging.getLogger(__name__)

HostOption = Annotated[str, Option(help="Address to listen on.", rich_help_panel=NETWORK)]
PortOption = Annotated[int, Option(help="Port to listen on.", rich_help_panel=NETWORK)]


def station(
    data: DataOption = None,
    organisation: OwnerOption = "local",
    broker: BrokerOption = "127.0.0.1:1883",
    username: UsernameOption = "ingest",
    password_file: PasswordFileOption = None,
    ack_secret_file: AckSecretOption = None,
    store: StoreOption = None,
    registry: RegistryOption = None,
    host: HostOption = "127.0.0.1",
    port: PortOption = 8000,
    api_workers: ApiWorkersOption = 1,
    public_url: PublicUrlOption = None,
    trusted_proxy: TrustedProxyOption = None,
    allow_origin: AllowOriginOption = None,
    oidc_issuer_url: IssuerOption = None,
    oidc_audience: AudienceOption = None,
    mail: MailOption = None,
    home_assistant: HomeOption = None,
    traces: TracesOption = None,
    log_format: LogFormatOption = LogRecordFormat.TEXT,
    demo: Annotated[
        str | None, Option(help="Simulation scenario whose farm is added to the registry.", hidden=True)
    ] = None,
    demo_scale: Annotated[int | None, Option(help="Number of compartments of that scenario.", hidden=True)] = None,
    demo_language: Annotated[LanguageChoice, Option(help="Language of its names.", hidden=True)] = LanguageChoice.EN,
    simulated_forecasts: Annotated[
        str | None, Option(metavar="URL", help="Address of `headland sim weather`.", hidden=True)
    ] = None,
) -> None:
    """Run ingest and API on one store: in one process, or the API in several beside the one that owns the store."""
    place = place_of()
    if place is None and api_workers != 1:
        from station.local.api_processes import run_processes

        configure_logging("station", log_format)
        farm_folder(data).create()
        run_processes(sys.argv[1:], host, port, api_workers, _LOGGER.warning)
        return
    with without_garbage_search():
        from headland.contract.ack_keys import session_name
        from ingest.settings import IngestSettings
        from station.local.folder import GATEWAY, IMPORT_GATEWAY
        from station.local.gateway_registration import FolderRegistrar
        from station.local.imports.service import FolderImports
        from station.server.settings import StationSettings

        if place is not None and place.role == "worker":
            from station.server.api_workers.worker import run_worker

            run: Callable[[StationSettings], None] = partial(run_worker, place=place)
        else:
            from station.server.serve import run_station

            run = run_station if place is None else partial(run_station, place=place)

    configure_logging("station" if place is None else place.name, log_format)
    folder = farm_folder(data)
    folder.create()
    broker_host, broker_port = host_and_port(broker)
    secret, registrar = ack_secret(ack_secret_file, folder), FolderRegistrar(folder)
    run(
        StationSettings(
            store_url=store_url(store, folder.store_path),
            registry_url=registry_url(registry, folder.registry_path),
            demo=demo,
            demo_scale=demo_scale,
            demo_language=demo_language.value,
            store_token=folder.secret("store"),
            registrar=registrar,
            enrolment=registrar,
            imports=FolderImports(folder),
            base_map=folder.base_map_path,
            photos=photo_files(folder),
            simulated_lag_ms=folder.simulated_lag_ms,
            simulated_forecasts=simulated_forecasts,
            clock_path=folder.clock_path,
            farm_folder=folder.root,
            local_gateways=frozenset({GATEWAY, IMPORT_GATEWAY}),
            api_key_path=folder.api_key_path,
            issuer=oidc_issuer(oidc_issuer_url, oidc_audience),
            limits=limits_from_environment(),
            addresses=addresses(organisation, public_url, trusted_proxy, allow_origin),
            mail=mail_settings(mail),
            webhooks_to=webhook_networks(),
            forecast_keys=forecast_keys(),
            home_prefix=home_prefix(home_assistant),
            traces=trace_settings(traces),
            host=host,
            port=port,
            ingest=IngestSettings(
                host=broker_host,
                port=broker_port,
                username=username,
                password=read_password(password_file),
                organisation=organisation,
                quarantine_path=folder.quarantine_path,
                ack_secret=secret,
                client_id=session_name(secret, _WORKER),
                former_client_id=_WORKER,
                **ingest_bounds(),
            ),
        )
    )


def api(
    data: DataOption = None,
    organisation: Annotated[str, Option(help="Organisation that owns the farm.")] = "local",
    store: StoreOption = None,
    registry: RegistryOption = None,
    host: HostOption = "127.0.0.1",
    port: PortOption = 8000,
    ingest: Annotated[
        list[str] | None,
        Option(
            metavar="URL",
            help="http://HOST:PORT of an ingest worker's --listen; repeat for each worker.",
            rich_help_panel=NETWORK,
        ),
    ] = None,
    public_url: PublicUrlOption = None,
    trusted_proxy: TrustedProxyOption = None,
    allow_origin: AllowOriginOption = None,
    oidc_issuer_url: IssuerOption = None,
    oidc_audience: AudienceOption = None,
    mail: MailOption = None,
    traces: TracesOption = None,
    log_format: LogFormatOption = LogRecordFormat.TEXT,
) -> None:
    """Run the API alone, on InfluxDB or VictoriaMetrics that separate ingest workers write to."""
    with without_garbage_search():
        from station.server.ingest_access.worker_token import worker_token
        from station.server.serve import run_api
        from station.server.settings import ApiSettings

    configure_logging("api", log_format)
    folder = farm_folder(data)
    run_api(
        ApiSettings(
            store_url=store_url(store, folder.store_path),
            registry_url=registry_url(registry, folder.registry_path),
            organisation=organisation,
            host=host,
            port=port,
            ingest_urls=ingest or [],
            worker_token=worker_token(folder) if ingest else "",
            issuer=oidc_issuer(oidc_issuer_url, oidc_audience),
            limits=limits_from_environment(),
            addresses=addresses(organisation, public_url, trusted_proxy, allow_origin),
            mail=mail_settings(mail),
            webhooks_to=webhook_networks(),
            forecast_keys=forecast_keys(),
            photos=photo_files(folder),
            traces=trace_settings(traces),
        )
    )


def broker(
    config: Annotated[Path, Option(help="Settings file of iotcore (TOML).")],
    log_format: LogFormatOption = LogRecordFormat.TEXT,
) -> None:
    """Run the broker that is installed with Headland; `headland up` starts it where mosquitto is missing."""
    from iotcore import Broker

    configure_logging("broker", log_format)
    # rumqttd writes every packet as an error record.
    logging.getLogger("rumqttd").setLevel(logging.CRITICAL)
    Broker(config_path=str(config)).run_forever()
