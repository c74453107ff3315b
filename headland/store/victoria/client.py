"""Client of a VictoriaMetrics server or cluster."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, TypeVar
from urllib.parse import parse_qs, unquote, urlsplit

import msgspec
import urllib3
from influxdb_client.client.influxdb_client import InfluxDBClient
from influxdb_client.rest import ApiException

from headland.errors import HeadlandError, RetryLater, SettingsError
from headland.plain_numbers import is_digits
from headland.store.influx.client import error_text
from headland.store.server.ports import LoginRefused

_PARAMETERS: Final = frozenset({"side", "store", "retention", "insert", "storage", "timeout"})
_RETENTION: Final = re.compile(r"(\d+(?:\.\d+)?)([hdwy]?)")
#: A bare number in VictoriaMetrics' flag is months of 31 days.
_HOURS: Final = {"h": 1, "d": 24, "w": 168, "y": 8760, "": 744}
#: Without it the client would encode a body again.
_BYTES: Final = {"Content-Type": "application/octet-stream"}
_FORM: Final = "victoria+http://HOST:8428?side=sqlite:///FILE"


@dataclass(frozen=True, slots=True, kw_only=True)
class VictoriaAddress:
    """URLs of a server and of the SQL tables beside it; in a cluster each part has its own URL."""

    url: str
    side_url: str = field(repr=False)
    store: str = "headland"
    insert_url: str
    storage_urls: tuple[str, ...]
    retention_h: float | None = None
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    timeout_s: float = 30.0

    @property
    def is_cluster(self) -> bool:
        """Whether `url` is a vmselect."""
        return "/select/" in self.url

    @property
    def import_path(self) -> str:
        """Path below `insert_url` that takes JSON lines."""
        return "/prometheus/api/v1/import" if self.is_cluster else "/api/v1/import"


def parse_victoria_url(url: str) -> VictoriaAddress:
    """Return the address of a URL. Raises SettingsError with the right form."""
    parts = urlsplit(url)
    parameters = {name: values[-1] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
    scheme = {"victoria+http": "http", "victoria+https": "https"}.get(parts.scheme)
    if scheme is None or not parts.hostname or not parameters.get("side"):
        raise SettingsError(
            f"The store's URL must have the form {_FORM}: events and marks go to the side tables that it names."
        )
    unknown = sorted(parameters.keys() - _PARAMETERS)
    if unknown:
        raise SettingsError(
            f"The store's URL has unknown parameters: {', '.join(unknown)}. Valid: {', '.join(sorted(_PARAMETERS))}."
        )
    if not is_digits(parameters.get("timeout", "1").replace(".", "", 1)):
        raise SettingsError(f"The store's timeout must be a number of seconds, not {parameters['timeout']!r}.")
    base = f"{scheme}://{parts.netloc.rpartition('@')[2]}{parts.path.rstrip('/')}"
    address = VictoriaAddress(
        url=base,
        side_url=parameters["side"],
        store=parameters.get("store", "headland"),
        insert_url=parameters.get("insert", base).rstrip("/").removesuffix("/influx").removesuffix("/prometheus"),
        storage_urls=tuple(part.rstrip("/") for part in parameters.get("storage", base).split(",")),
        retention_h=None if "retention" not in parameters else parse_retention_h(parameters["retention"]),
        user=None if parts.username is None else unquote(parts.username),
        password=None if parts.password is None else unquote(parts.password),
        timeout_s=float(parameters.get("timeout", "30")),
    )
    if address.is_cluster and not {"insert", "storage", "retention"} <= parameters.keys():
        raise SettingsError(
            "The URL of a cluster needs vmselect's /select/TENANT/prometheus, insert=…/insert/TENANT/influx, "
            "storage=URL,URL of all its vmstorage, and retention= with the value of their flag."
        )
    return address


def parse_retention_h(text: str) -> float:
    """Return the hours of a -retentionPeriod. Raises SettingsError."""
    match = _RETENTION.fullmatch(text)
    if match is None:
        raise SettingsError(f"{text!r} is not a retention: write it as VictoriaMetrics' -retentionPeriod, 30d or 2y.")
    return float(match[1]) * _HOURS[match[2]]


Decoded = TypeVar("Decoded")


class Exported(msgspec.Struct):
    """The samples of one metric."""

    metric: dict[str, str]
    values: list[float | None]
    timestamps: list[int]


class Vector(msgspec.Struct):
    """Result of a query for one metric: (seconds, number) once, or at each step."""

    metric: dict[str, str]
    value: tuple[float, str] = (0.0, "0")
    values: list[tuple[float, str]] = []


class _Data(msgspec.Struct):
    result: list[Vector] = []


class _Answer(msgspec.Struct):
    data: _Data


class _Snapshot(msgspec.Struct):
    status: str
    snapshot: str = ""


class VictoriaConnection:
    """One server or cluster. Its calls block, may be made from any thread, and raise RetryLater while it is away."""

    def __init__(self, address: VictoriaAddress) -> None:
        self.address = address
        bases = {address.url, address.insert_url, *address.storage_urls}
        self._clients = {base: self._make_client(base) for base in bases}
        self.retention_h = address.retention_h or 0.0

    def open(self) -> None:
        """Check the server's flags. Raises SettingsError for a missing one."""
        if self.address.is_cluster:
            return
        flags = self._call(self.address.url, "/flags").decode("utf-8", "replace")
        flag_values = dict(re.findall(r'^-([\w.]+)="(.*)"$', flags, re.MULTILINE))
        if flag_values.get("dedup.minScrapeInterval") != "1ms":
            raise SettingsError(
                f"VictoriaMetrics at {self.address.url} must run with -dedup.minScrapeInterval=1ms, "
                "or samples that are sent twice would be counted twice."
            )
        if self.address.retention_h is None:
            self.retention_h = parse_retention_h(flag_values.get("retentionPeriod", "1"))

    def close(self) -> None:
        """Close the connections."""
        for client in self._clients.values():
            client.close()  # type: ignore[no-untyped-call]

    def write(self, body: bytes) -> None:
        """Send JSON lines to the server, which holds them in memory until `flush`."""
        self._call(self.address.insert_url, self.address.import_path, method="POST", body=body)

    def flush(self) -> None:
        """Return once everything written before is on the disk and visible to reads.

        A snapshot guarantees that: it writes everything in memory to files, synced, before it links them.
        """
        for base in self.address.storage_urls:
            made = self._decode(self._call(base, "/snapshot/create"), _Snapshot)
            if made.status != "ok":
                raise RetryLater(f"VictoriaMetrics at {base} could not write its memory to the disk.")
            self._call(base, "/snapshot/delete", [("snapshot", made.snapshot)])

    def export(self, selector: str, start_ms: int, end_ms: int) -> list[Exported]:
        """Return all samples in [start_ms, end_ms) of the metrics of a selector."""
        window = [("start", _seconds(start_ms)), ("end", _seconds(end_ms - 1))]
        lines = self._call(self.address.url, "/api/v1/export", [("match[]", selector), *window]).splitlines()
        return [self._decode(line, Exported) for line in lines]

    def query(self, query: str, at_ms: int) -> list[Vector]:
        """Return the result of a query at an instant."""
        parameters = [("query", query), ("time", _seconds(at_ms)), ("nocache", "1"), ("latency_offset", "1ms")]
        return self._decode(self._call(self.address.url, "/api/v1/query", parameters), _Answer).data.result

    def query_range(self, query: str, first_ms: int, last_ms: int, step_ms: int) -> list[Vector]:
        """Return the results of a query at first_ms, first_ms + step_ms, ... up to last_ms."""
        parameters = [
            ("query", query),
            ("start", _seconds(first_ms)),
            ("end", _seconds(last_ms)),
            ("step", _step(step_ms)),
            ("nocache", "1"),
            ("latency_offset", "1ms"),
        ]
        return self._decode(self._call(self.address.url, "/api/v1/query_range", parameters), _Answer).data.result

    def delete(self, selector: str) -> None:
        """Delete all samples of the metrics of a selector."""
        path = "/api/v1/admin/tsdb/delete_series"
        base = self.address.url
        if self.address.is_cluster:
            host, _, tenant = base.partition("/select/")
            path, base = f"/delete/{tenant}{path}", host
            self._clients.setdefault(base, self._make_client(base))
        self._call(base, path, [("match[]", selector)], "POST")

    def _make_client(self, base: str) -> InfluxDBClient:
        address, by_user = self.address, self.address.user is not None
        return InfluxDBClient(
            base,
            token=f"{address.user}:{address.password or ''}" if by_user else "none",
            auth_basic=by_user,
            org="-",
            timeout=round(address.timeout_s * 1000),
        )

    def _call(
        self,
        base: str,
        path: str,
        parameters: Sequence[tuple[str, str]] | None = None,
        method: str = "GET",
        body: bytes | None = None,
    ) -> bytes:
        try:
            response = self._clients[base].api_client.call_api(  # type: ignore[no-untyped-call]
                path,
                method,
                query_params=list(parameters or ()),
                header_params={"Accept": "*/*", **({} if body is None else _BYTES)},
                body=body,
                auth_settings=[],
                _return_http_data_only=True,
                _preload_content=False,
            )
            return bytes(response.data)
        except (ApiException, urllib3.exceptions.HTTPError, OSError) as error:
            raise self._failure(base, error) from error

    def _decode(self, body: bytes, kind: type[Decoded]) -> Decoded:
        try:
            return msgspec.json.decode(body, type=kind)
        except msgspec.MsgspecError as error:
            raise RetryLater(f"The response of {self.address.url} is not one of VictoriaMetrics: {error}.") from error

    def _failure(self, base: str, error: Exception) -> HeadlandError:
        where = f"VictoriaMetrics at {base}"
        if not isinstance(error, ApiException) or not error.status:
            return RetryLater(f"{where} cannot be reached ({type(error).__name__}): check that it is running.")
        if error.status in (401, 403):
            return LoginRefused(f"{where} refuses the login: name a user and password in the store's URL.")
        return RetryLater(f"{where} answers with {error.status}: {error_text(error)}.")


def _seconds(time_ms: int) -> str:
    """Return an instant in VictoriaMetrics' format, exact to the millisecond."""
    return f"{time_ms // 1000}.{time_ms % 1000:03d}"


def _step(step_ms: int) -> str:
    """Return a step that VictoriaMetrics reads as exactly `step_ms`.

    It multiplies the seconds by 1000 as floats and cuts off the fraction, which makes 1238 of `1239ms`: half a
    millisecond more is cut off as well. Durations within a query are exact.
    """
    return f"{_seconds(step_ms)}5"
