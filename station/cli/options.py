"""Options that several commands share, and the functions that turn their values into settings."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

from headland.errors import SettingsError
from headland.plain_numbers import is_digits
from headland.runtime.tracing.settings import TRACES
from station.cli.log_output import LOG_FORMAT, LogRecordFormat
from station.cli.option import Option
from station.server.homeassistant import HOME_PREFIX
from station.server.storage.registries import FORMS as REGISTRY_FORMS
from station.server.storage.registries import REGISTRY_URL
from station.server.storage.stores import FORMS as STORE_FORMS
from station.server.storage.stores import STORE_URL

if TYPE_CHECKING:
    from api.auth.limits import Limits
    from api.auth.oidc import Issuer
    from api.http.addresses import Addresses
    from headland.i18n import Language
    from headland.network.address_policy import AddressPolicy
    from headland.registry.db.photo_files import PhotoFiles
    from headland.runtime.tracing.settings import TraceSettings
    from station.local.folder import FarmFolder
    from station.server.notifications.channels import MailSettings

#: Titles of the panels in `--help`.
SIMULATION: Final = "Simulation"
NETWORK: Final = "Network"
BROKER: Final = "Broker"
STORAGE: Final = "Storage"
SIGN_IN: Final = "Sign-in"
INTEGRATIONS: Final = "Integrations"
LOGGING: Final = "Logging"

REQUESTS_PER_S: Final = "HEADLAND_REQUESTS_PER_S"
BODY_MB: Final = "HEADLAND_BODY_MB"
ANSWER_S: Final = "HEADLAND_ANSWER_S"
PHOTOS_MB: Final = "HEADLAND_PHOTOS_MB"
TRACES_SHARE: Final = "HEADLAND_TRACES_SHARE"
TRACES_QUEUE: Final = "HEADLAND_TRACES_QUEUE"
TRACES_TIMEOUT_S: Final = "HEADLAND_TRACES_TIMEOUT_S"
#: Bounds of ingest by the member of its settings; IngestSettings says which values are allowed.
INGEST_BOUNDS: Final = {
    "max_devices": "HEADLAND_MAX_DEVICES",
    "max_series": "HEADLAND_MAX_SERIES",
    "max_bytes_per_day": "HEADLAND_MAX_BYTES_PER_DAY",
    "max_events_per_day": "HEADLAND_MAX_EVENTS_PER_DAY",
    "quarantine_max_bytes": "HEADLAND_QUARANTINE_MAX_BYTES",
    "quarantine_max_records": "HEADLAND_QUARANTINE_MAX_RECORDS",
}
PUBLIC_URL: Final = "HEADLAND_PUBLIC_URL"
TRUSTED_PROXIES: Final = "HEADLAND_TRUSTED_PROXIES"
ALLOW_ORIGINS: Final = "HEADLAND_ALLOW_ORIGINS"
MAIL_URL: Final = "HEADLAND_MAIL_URL"
WEBHOOK_NETWORKS: Final = "HEADLAND_WEBHOOK_NETWORKS"
FORECAST_KEYS: Final = "HEADLAND_FORECAST_KEYS"
_PREFIX: Final = re.compile(r"[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*")

ApiWorkersOption = Annotated[
    int,
    Option(
        envvar="HEADLAND_API_WORKERS",
        help="Processes that serve the API; from 2 on they are beside the one that owns the store.",
        rich_help_panel=NETWORK,
    ),
]
PublicUrlOption = Annotated[
    str | None,
    Option(
        "--public-url",
        metavar="URL",
        help="URL by which others reach this station: all links, QR codes and passports begin with it.",
        envvar=PUBLIC_URL,
        show_default="the address at which a request arrives",
        rich_help_panel=NETWORK,
    ),
]
TrustedProxyOption = Annotated[
    list[str] | None,
    Option(
        "--trusted-proxy",
        metavar="NETWORK",
        help="Network of a proxy whose X-Forwarded-For names the client; repeat for each, or separate by commas.",
        envvar=TRUSTED_PROXIES,
        show_default="none: the client is who connects",
        rich_help_panel=NETWORK,
    ),
]
AllowOriginOption = Annotated[
    list[str] | None,
    Option(
        "--allow-origin",
        metavar="[ORGANISATION=]ORIGIN",
        help="Origin of a page whose scripts may read answers with a key; repeat for each, or separate by commas.",
        envvar=ALLOW_ORIGINS,
        show_default="none",
        rich_help_panel=NETWORK,
    ),
]


class LanguageChoice(StrEnum):
    """Language of the names of a simulated farm."""

    EN = "en"
    ZH = "zh"


DataOption = Annotated[
    Path | None,
    Option("--data", help="Folder of the farm.", show_default="HEADLAND_DATA or ~/.local/share/headland"),
]
OwnerOption = Annotated[str, Option(help="Organisation that owns the gateways.")]
BrokerOption = Annotated[str, Option(metavar="HOST:PORT", help="Address of the MQTT broker.", rich_help_panel=BROKER)]
UsernameOption = Annotated[
    str, Option(help="Broker user that may read the data of all gateways.", rich_help_panel=BROKER)
]
PasswordFileOption = Annotated[
    Path | None,
    Option(
        help="File that holds this user's password.", show_default="HEADLAND_BROKER_PASSWORD", rich_help_panel=BROKER
    ),
]
AckSecretOption = Annotated[
    Path | None,
    Option(
        help="File that holds the secret by which ingest signs commit acks; all workers of a farm have the same.",
        show_default="HEADLAND_ACK_SECRET or the one in the farm's folder",
        rich_help_panel=BROKER,
    ),
]
ConfigOption = Annotated[Path, Option("--config", "-c", help="Settings file of the gateway (edge.toml).")]
StoreOption = Annotated[
    str | None,
    Option(
        "--store",
        metavar="URL",
        help=f"Time-series store: {STORE_FORMS}; a plain path is a DuckDB file.",
        envvar=STORE_URL,
        show_default="the DuckDB file in the farm's folder",
        rich_help_panel=STORAGE,
    ),
]
RegistryOption = Annotated[
    str | None,
    Option(
        "--registry",
        metavar="URL",
        help=f"Database of farms, fields, devices and keys: {REGISTRY_FORMS}.",
        envvar=REGISTRY_URL,
        show_default="the SQLite file in the farm's folder",
        rich_help_panel=STORAGE,
    ),
]
IssuerOption = Annotated[
    str | None,
    Option(
        "--oidc-issuer",
        metavar="URL",
        help="OpenID Connect issuer whose tokens sign members in.",
        envvar="HEADLAND_OIDC_ISSUER",
        rich_help_panel=SIGN_IN,
    ),
]
AudienceOption = Annotated[
    str | None,
    Option(
        "--oidc-audience",
        metavar="NAME",
        help="Audience that these tokens must have.",
        envvar="HEADLAND_OIDC_AUDIENCE",
        rich_help_panel=SIGN_IN,
    ),
]
MailOption = Annotated[
    str | None,
    Option(
        "--mail",
        metavar="URL",
        help="Mail server for alarm e-mails: smtp+starttls://USER:PASSWORD@HOST:587?from=NAME@HOST.",
        envvar=MAIL_URL,
        show_default="none: alarm e-mails are refused",
        rich_help_panel=INTEGRATIONS,
    ),
]
HomeOption = Annotated[
    str | None,
    Option(
        "--home-assistant",
        metavar="PREFIX",
        help="Publish devices and values to Home Assistant under this discovery prefix (usually `homeassistant`).",
        envvar=HOME_PREFIX,
        show_default="off",
        rich_help_panel=INTEGRATIONS,
    ),
]
TracesOption = Annotated[
    str | None,
    Option(
        "--traces",
        metavar="URL",
        help="OpenTelemetry collector for traces (OTLP/HTTP): http://HOST:4318/v1/traces.",
        envvar=TRACES,
        show_default="off",
        rich_help_panel=LOGGING,
    ),
]
LogFormatOption = Annotated[
    LogRecordFormat,
    Option("--log-format", help="Format of log records.", envvar=LOG_FORMAT, rich_help_panel=LOGGING),
]


def farm_folder(data: Path | None) -> FarmFolder:
    """Return the folder that --data names, or the default one."""
    from station.local.folder import FarmFolder, default_folder

    return FarmFolder(default_folder(os.environ) if data is None else data.expanduser().absolute())


def host_and_port(text: str) -> tuple[str, int]:
    """Split HOST:PORT; raises SettingsError."""
    host, _, port = text.rpartition(":")
    if not host or not is_digits(port, 5) or not 0 < int(port) < 65536:
        raise SettingsError(f"{text!r} is not HOST:PORT.")
    return host, int(port)


def read_password(path: Path | None) -> str | None:
    """Return the password in a file, else the one in HEADLAND_BROKER_PASSWORD; raises SettingsError."""
    if path is None:
        return os.environ.get("HEADLAND_BROKER_PASSWORD")
    try:
        return path.read_text().strip()
    except OSError as error:
        raise SettingsError(f"Cannot read the password file {path}: {error.strerror}.") from error


def ack_secret(path: Path | None, folder: FarmFolder) -> str:
    """Return the ack secret in a file, else in HEADLAND_ACK_SECRET, else of the farm's folder; raises SettingsError."""
    from station.local.folder import ACKS

    if path is None:
        folder.create()
        return os.environ.get("HEADLAND_ACK_SECRET") or folder.secret(ACKS)
    try:
        secret = path.read_text().strip()
    except OSError as error:
        raise SettingsError(f"Cannot read the file of the ack secret {path}: {error.strerror}.") from error
    if not secret:
        raise SettingsError(f"The file of the ack secret {path} is empty: write a random text of 24 letters into it.")
    return secret


def oidc_issuer(url: str | None, audience: str | None) -> Issuer | None:
    """Return the OpenID Connect issuer, None where no URL is given; raises SettingsError."""
    from api.auth.oidc import Issuer

    if url is None and audience is not None:
        raise SettingsError("--oidc-audience is given without --oidc-issuer: give both, or neither.")
    return None if url is None else Issuer(url, audience or "")


def limits_from_environment() -> Limits:
    """Return the request limits with HEADLAND_REQUESTS_PER_S, _BODY_MB and _ANSWER_S applied; raises SettingsError."""
    from api.auth.limits import Limits
    from api.auth.rate_limiter import Rate

    default = Limits()
    per_s = _number(REQUESTS_PER_S, default.requests.per_s, 1, 1e6)
    return Limits(
        requests=Rate(4 * per_s, per_s),
        body_bytes=round(_number(BODY_MB, default.body_bytes / 2**20, 0.01, 1024) * 2**20),
        answer_s=_number(ANSWER_S, default.answer_s, 1, 3600),
    )


def addresses(
    organisation: str, public_url: str | None, proxies: list[str] | None, origins: list[str] | None
) -> Addresses:
    """Return the addresses of a station as the options state them; raises SettingsError."""
    from api.http.addresses import Addresses
    from headland.network.address_policy import parse_networks
    from headland.network.public_url import parse_public_url

    try:
        stated = parse_public_url(public_url) if public_url else None
    except ValueError as error:
        raise SettingsError(f"--public-url: {error}.") from error
    try:
        return Addresses(stated, parse_networks(",".join(proxies or ())).inside, _origins(organisation, origins))
    except ValueError as error:
        raise SettingsError(f"--trusted-proxy: {error}.") from error


def _origins(organisation: str, texts: list[str] | None) -> dict[str, frozenset[str]]:
    """Return the organisations that allow an origin by the origin; without a handle it is the station's own."""
    from headland.network.public_url import parse_public_url

    origins: dict[str, frozenset[str]] = {}
    for text in filter(None, (part.strip() for part in ",".join(texts or ()).split(","))):
        handle, named, origin = text.rpartition("=")
        try:
            parsed = parse_public_url(origin)
        except ValueError as error:
            raise SettingsError(
                f"--allow-origin: {text!r} is not an origin: write https://app.example or HANDLE=https://app.example."
            ) from error
        origins[parsed] = origins.get(parsed, frozenset()) | {handle if named else organisation}
    return origins


def photo_files(folder: FarmFolder) -> PhotoFiles:
    """Return the files of photos of a farm, with the bytes of HEADLAND_PHOTOS_MB for each organisation."""
    from headland.registry.db.photo_files import PhotoFiles

    default = PhotoFiles(folder.photos_path)
    most_mb = _number(PHOTOS_MB, default.most_bytes / 1e6, 1, 1e6)
    return PhotoFiles(folder.photos_path, round(most_mb * 1e6))


def ingest_bounds() -> dict[str, Any]:
    """Return the quotas and bounds of ingest that variables set; raises SettingsError for what is no whole number."""
    bounds = {}
    for name, variable in INGEST_BOUNDS.items():
        text = os.environ.get(variable, "").strip()
        if text:
            if not is_digits(text):
                raise SettingsError(f"{variable} must be a whole number, not {text[:40]!r}.")
            bounds[name] = int(text)
    return bounds


def mail_settings(url: str | None) -> MailSettings | None:
    """Return the settings in a mail server's URL, None where none is given; raises SettingsError."""
    if url is None:
        return None
    from station.server.notifications.channels import parse_mail_url

    return parse_mail_url(url)


def trace_settings(endpoint: str | None) -> TraceSettings | None:
    """Return the settings of traces with HEADLAND_TRACES_SHARE, _QUEUE and _TIMEOUT_S; None for off."""
    from headland.runtime.tracing.settings import TraceSettings

    if not endpoint:
        return None
    return TraceSettings(
        endpoint,
        share=_number(TRACES_SHARE, 1.0, 0, 1),
        queue=round(_number(TRACES_QUEUE, 2048, 64, 100_000)),
        timeout_s=_number(TRACES_TIMEOUT_S, 5.0, 0.1, 60),
    )


def webhook_networks() -> AddressPolicy:
    """Return the addresses of HEADLAND_WEBHOOK_NETWORKS to which webhooks may lead; raises SettingsError."""
    from headland.network.address_policy import parse_networks

    try:
        return parse_networks(os.environ.get(WEBHOOK_NETWORKS, ""))
    except ValueError as error:
        raise SettingsError(f"{WEBHOOK_NETWORKS}: {error}.") from error


def forecast_keys() -> dict[str, str]:
    """Return the keys of HEADLAND_FORECAST_KEYS by the name of their provider; raises SettingsError."""
    keys: dict[str, str] = {}
    for part in filter(None, (part.strip() for part in os.environ.get(FORECAST_KEYS, "").split(","))):
        name, equals, key = part.partition("=")
        if not equals or not key.isascii() or not key.isprintable() or not name.strip():
            raise SettingsError(f"{FORECAST_KEYS} must be written as PROVIDER=KEY, with commas between several.")
        keys[name.strip()] = key.strip()
    return keys


def home_prefix(text: str | None) -> str | None:
    """Return the discovery prefix of Home Assistant, None for off; raises SettingsError."""
    if not text:
        return None
    if not _PREFIX.fullmatch(text):
        raise SettingsError(f"{text!r} is not a discovery prefix; Home Assistant's default is homeassistant.")
    return text


def _number(name: str, default: float, lowest: float, highest: float) -> float:
    text = os.environ.get(name, "").strip()
    try:
        number = float(text) if text else default
    except ValueError:
        number = float("nan")
    if not lowest <= number <= highest:
        raise SettingsError(f"{name} is {text!r}; it must be a number from {lowest:g} to {highest:g}.")
    return number


def parse_instant(text: str) -> int:
    """Return the epoch milliseconds of an ISO 8601 date or time, UTC where it names no zone; raises SettingsError."""
    try:
        instant = datetime.fromisoformat(text)
    except ValueError as error:
        raise SettingsError(f"{text!r} is not a date or time: write 2026-05-01, or 2026-05-01T06:30.") from error
    return round((instant if instant.tzinfo else instant.replace(tzinfo=UTC)).timestamp() * 1000)


def language_of(environ: Mapping[str, str]) -> Language:
    """Return the language of a terminal by its locale: Chinese where that is, else English."""
    locale = next((environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if environ.get(name)), "")
    return "zh" if locale.lower().startswith("zh") else "en"
