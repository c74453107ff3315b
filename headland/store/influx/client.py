"""Client of an InfluxDB server: line protocol in, InfluxQL out, refusals as errors."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Final, Literal
from urllib.parse import parse_qs, unquote, urlsplit

import msgspec
import urllib3
from influxdb_client.client.influxdb_client import InfluxDBClient
from influxdb_client.client.write_api import SYNCHRONOUS
from influxdb_client.domain.bucket_retention_rules import BucketRetentionRules
from influxdb_client.rest import ApiException

from headland.errors import HeadlandError, RetryLater, SettingsError
from headland.plain_numbers import is_digits
from headland.store.server.ports import LoginRefused

_BUCKET: Final = re.compile(r"[A-Za-z0-9_-]+")
_DURATION: Final = re.compile(r"(\d+)([hdwy])")
_HOURS: Final = {"h": 1, "d": 24, "w": 168, "y": 8766}
_PARAMETERS: Final = frozenset({"org", "token", "retention", "timeout"})
#: Characters of a request about, below every server's limit.
_CHARACTERS: Final = 1_000_000
_QUERY_CHARACTERS: Final = 3000
#: Threads that ask one half of a question's statements: a server takes a core for each request, and one response is
#: read while the other is made.
_READERS: Final = 8
#: Versions from which a server finds a database for each bucket by itself, and takes bound words.
_MAPS_BUCKETS: Final = (2, 4)
_BINDS_WORDS: Final = (3, 9)
#: A quoted identifier, in which nothing is bound, or a bound word.
_BOUND: Final = re.compile(r'"(?:[^"\\]|\\.)*"|\$([A-Za-z0-9_]+)')
_FORM: Final = "influx+http://USER:PASSWORD@HOST:8086/BUCKET or influx+http://HOST:8086/BUCKET?org=ORG&token=TOKEN"


Precision = Literal["ms", "ns"]


@dataclass(frozen=True, slots=True, kw_only=True)
class InfluxAddress:
    """Address of a server with bucket and login: the content of an `influx+http://...` URL."""

    url: str
    bucket: str
    organisation: str | None = None
    token: str | None = field(default=None, repr=False)
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    retention_h: int | None = None
    timeout_s: float = 30.0


def parse_influx_url(url: str) -> InfluxAddress:
    """Return the address of a URL. Raises SettingsError with the right form."""
    parts = urlsplit(url)
    parameters = {name: values[-1] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
    bucket = unquote(parts.path.strip("/"))
    secure = {"influx+http": "http", "influx+https": "https"}.get(parts.scheme)
    if secure is None or not parts.hostname or not _BUCKET.fullmatch(bucket):
        raise SettingsError(
            f"The store's URL must have the form {_FORM}; a bucket has letters, digits, dash and underscore."
        )
    unknown = sorted(parameters.keys() - _PARAMETERS)
    if unknown:
        raise SettingsError(
            f"The store's URL has unknown parameters: {', '.join(unknown)}. Valid: {', '.join(sorted(_PARAMETERS))}."
        )
    if parts.username and "token" in parameters:
        raise SettingsError("The store's URL has a user and a token: use one of them.")
    if not is_digits(parameters.get("timeout", "1").replace(".", "", 1)):
        raise SettingsError(f"The store's timeout must be a number of seconds, not {parameters['timeout']!r}.")
    return InfluxAddress(
        url=f"{secure}://{parts.netloc.rpartition('@')[2]}",
        bucket=bucket,
        organisation=parameters.get("org"),
        token=parameters.get("token"),
        user=None if parts.username is None else unquote(parts.username),
        password=None if parts.password is None else unquote(parts.password),
        retention_h=None if "retention" not in parameters else parse_duration_h(parameters["retention"]),
        timeout_s=float(parameters.get("timeout", "30")),
    )


def parse_duration_h(text: str) -> int:
    """Return the hours of 12h, 30d, 8w or 2y. Raises SettingsError."""
    match = _DURATION.fullmatch(text)
    if match is None or not int(match[1]):
        raise SettingsError(f"{text!r} is not a retention: write 12h, 30d, 8w or 2y.")
    return int(match[1]) * _HOURS[match[2]]


class InfluxSeries(msgspec.Struct):
    """Rows of one series of a response."""

    name: str = ""
    columns: list[str] = []
    values: list[list[int | float | str | bool | None]] = []
    tags: dict[str, str] = {}


class _Result(msgspec.Struct):
    series: list[InfluxSeries] = []
    error: str | None = None


class _Answer(msgspec.Struct):
    results: list[_Result] = []
    error: str | None = None


class InfluxConnection:
    """One server and bucket. Its calls block, may be made from any thread, and raise RetryLater while it is away."""

    def __init__(self, address: InfluxAddress) -> None:
        self.address = address
        by_user = address.user is not None
        self._client = InfluxDBClient(
            address.url,
            token=f"{address.user}:{address.password or ''}" if by_user else (address.token or "none"),
            auth_basic=by_user,
            org=address.organisation or "-",
            timeout=round(address.timeout_s * 1000),
        )
        self._write_api = self._client.write_api(write_options=SYNCHRONOUS)
        self._version_of_server = (0, 0)
        self._readers = ThreadPoolExecutor(_READERS, thread_name_prefix="influx-read")

    @property
    def major(self) -> int:
        """The first number of the server's version."""
        return self._version_of_server[0]

    def open(self) -> None:
        """Read the server's version and create the bucket."""
        self._version_of_server = _numbers_of(self._version())
        if self.major <= 1:
            self._make_database()
        elif self.major == 2:
            self._make_bucket()
        else:
            self._configure_database()

    def close(self) -> None:
        """Close the connections."""
        self._readers.shutdown()
        self._client.close()  # type: ignore[no-untyped-call]

    def write(self, lines: Sequence[str], precision: Precision = "ms") -> str | None:
        """Store lines; return the server's error where it did not accept all of them, else None."""
        rejected = None
        for together in _split(lines, _CHARACTERS):
            body = "\n".join(together)
            try:
                self._write_api.write(self.address.bucket, record=body, write_precision=precision)  # type: ignore[arg-type]
            except (ApiException, urllib3.exceptions.HTTPError, OSError) as error:
                rejected = self._refusal(error)
        return rejected

    def query(self, statements: Iterable[str], words: Mapping[str, str] | None = None) -> list[list[InfluxSeries]]:
        """Return the series of each InfluxQL statement, times in ms; `words` are bound to `$name`."""
        return self._query("GET", statements, words, "ms")

    def query_ns(self, statement: str, words: Mapping[str, str] | None = None) -> list[InfluxSeries]:
        """Return the series of one statement with times in ns."""
        return self._query("GET", [statement], words, "ns")[0]

    def change(self, *statements: str, words: Mapping[str, str] | None = None) -> None:
        """Run statements that change the server."""
        self._query("POST", statements, words, "ms")

    def _query(
        self, method: str, statements: Iterable[str], words: Mapping[str, str] | None, epoch: str
    ) -> list[list[InfluxSeries]]:
        if words and self.major == 3 and self._version_of_server < _BINDS_WORDS:
            # These refuse `params`: "Currently not supporting parameterized queries".
            statements, words = [_with_words(statement, words) for statement in statements], None
        listed = list(statements)
        if method != "GET" or len(listed) < 2:
            # Changes happen in their order.
            return self._ask_all(method, listed, words, epoch)
        # In turns, since neighbours are of one kind and take as long. One half is asked in the caller's thread.
        try:
            other = self._readers.submit(self._ask_all, method, listed[1::2], words, epoch)
        except RuntimeError as error:
            raise RetryLater(f"The connection to the store at {self.address.url} is closed: ask again.") from error
        found: list[list[InfluxSeries]] = [[] for _ in listed]
        found[::2] = self._ask_all(method, listed[::2], words, epoch)
        found[1::2] = other.result()
        return found

    def _ask_all(
        self, method: str, statements: Sequence[str], words: Mapping[str, str] | None, epoch: str
    ) -> list[list[InfluxSeries]]:
        # InfluxDB 3 takes one statement in a request.
        groups = ([statement] for statement in statements) if self.major >= 3 else _split(statements, _QUERY_CHARACTERS)
        return [series for together in groups for series in self._ask(method, together, words, epoch)]

    def _ask(
        self, method: str, statements: Sequence[str], words: Mapping[str, str] | None, epoch: str
    ) -> list[list[InfluxSeries]]:
        parameters = [("db", self.address.bucket), ("epoch", epoch), ("q", ";".join(statements))]
        if words:
            parameters.append(("params", json.dumps(words)))
        try:
            response = self._client.api_client.call_api(  # type: ignore[no-untyped-call]
                "/query",
                method,
                query_params=parameters,
                header_params={"Accept": "application/json"},
                auth_settings=[],
                _return_http_data_only=True,
                _preload_content=False,
            )
            body = bytes(response.data)
        except (ApiException, urllib3.exceptions.HTTPError, OSError) as error:
            raise self._failure(error) from error
        answer = _decode(body)
        if answer.error is None:
            answer.error = next((result.error for result in answer.results if result.error is not None), None)
        if answer.error is not None:
            if "database not found" in answer.error:
                raise RetryLater(
                    f"The store's database {self.address.bucket!r} no longer exists at {self.address.url}."
                )
            raise RetryLater(f"The store at {self.address.url} could not execute a query: {answer.error}.")
        return [result.series for result in answer.results]

    def _version(self) -> str:
        try:
            return str(self._client.version())
        except (ApiException, urllib3.exceptions.HTTPError, OSError) as error:
            raise self._failure(error) from error

    def _make_database(self) -> None:
        name, retention_h = self.address.bucket, self.address.retention_h
        if retention_h is None:
            self.change(f'CREATE DATABASE "{name}"')
            return
        policy = f'"autogen" ON "{name}" DURATION {retention_h}h'
        self.change(f'CREATE DATABASE "{name}"', f"ALTER RETENTION POLICY {policy} DEFAULT")

    def _make_bucket(self) -> None:
        address = self.address
        rules = []
        if address.retention_h is not None:
            seconds = address.retention_h * 3600
            rules.append(BucketRetentionRules(type="expire", every_seconds=seconds))  # type: ignore[no-untyped-call]
        try:
            buckets = self._client.buckets_api()
            bucket = buckets.find_bucket_by_name(address.bucket)  # type: ignore[no-untyped-call]
            if bucket is None:
                bucket = buckets.create_bucket(
                    bucket_name=address.bucket, retention_rules=rules, org=address.organisation
                )
            if self._version_of_server < _MAPS_BUCKETS:
                self._map_bucket(str(bucket.id), str(bucket.org_id))
        except ValueError as error:
            raise RetryLater(f"The store at {address.url} does not respond as InfluxDB 2: {error}.") from error
        except (ApiException, urllib3.exceptions.HTTPError, OSError) as error:
            raise self._failure(error) from error

    def _map_bucket(self, bucket_id: str, organisation_id: str) -> None:
        """Make a database of the bucket's name lead to it: before 2.4 InfluxQL finds nothing without that."""
        known = self._client.api_client.call_api(  # type: ignore[no-untyped-call]
            "/api/v2/dbrps",
            "GET",
            query_params=[("orgID", organisation_id), ("db", self.address.bucket)],
            header_params={"Accept": "application/json"},
            auth_settings=[],
            _return_http_data_only=True,
            _preload_content=False,
        )
        mapped = json.loads(bytes(known.data)).get("content") or []
        if any(entry.get("database") == self.address.bucket for entry in mapped):
            return
        self._client.api_client.call_api(  # type: ignore[no-untyped-call]
            "/api/v2/dbrps",
            "POST",
            header_params={"Content-Type": "application/json"},
            body={
                "bucketID": bucket_id,
                "database": self.address.bucket,
                "default": True,
                "orgID": organisation_id,
                "retention_policy": "autogen",
            },
            auth_settings=[],
            _preload_content=False,
        )

    def _configure_database(self) -> None:
        """Create the database of an InfluxDB 3, which refuses queries of a missing one."""
        parameters = {"db": self.address.bucket}
        if self.address.retention_h is not None:
            parameters["retention_period"] = f"{self.address.retention_h}h"
        try:
            self._client.api_client.call_api(  # type: ignore[no-untyped-call]
                "/api/v3/configure/database",
                "POST",
                header_params={"Content-Type": "application/json"},
                body=parameters,
                auth_settings=[],
                _preload_content=False,
            )
        except (ApiException, urllib3.exceptions.HTTPError, OSError) as error:
            # It is there already, or a hosted server makes databases elsewhere.
            if not isinstance(error, ApiException) or error.status not in (404, 405, 409):
                raise self._failure(error) from error

    def _refusal(self, error: Exception) -> str:
        """Return the error of a server that refuses lines for good; raise every other failure."""
        if isinstance(error, ApiException) and error.status in (400, 422):
            return error_text(error)
        raise self._failure(error) from error

    def _failure(self, error: Exception) -> HeadlandError:
        where = f"The store at {self.address.url}"
        if not isinstance(error, ApiException) or not error.status:
            return RetryLater(f"{where} cannot be reached: {type(error).__name__}; is it running?")
        if error.status in (401, 403):
            return LoginRefused(f"{where} refuses the login: name a user and password or a token in its URL.")
        return RetryLater(f"{where} answers with {error.status}: {error_text(error)}.")


def _split(texts: Iterable[str], most_characters: int) -> Iterator[list[str]]:
    """Return texts grouped into requests of so many characters at most: URLs and bodies that every proxy takes."""
    together: list[str] = []
    length = 0
    for text in texts:
        if together and length + len(text) > most_characters:
            yield together
            together, length = [], 0
        together.append(text)
        length += len(text)
    if together:
        yield together


def name(identifier: str) -> str:
    """Return an identifier, quoted for InfluxQL."""
    return '"' + identifier.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _decode(body: bytes) -> _Answer:
    try:
        return msgspec.json.decode(body, type=_Answer)
    except msgspec.MsgspecError as error:
        raise RetryLater(f"The store's response is not one of InfluxDB: {error}.") from error


def error_text(error: ApiException) -> str:
    """Return the server's error text."""
    body: Any = error.body
    text = body.decode("utf-8", "replace") if isinstance(body, bytes) else str(body or error.reason or "")
    try:
        body_json = json.loads(text)
        text = str(body_json.get("message") or body_json.get("error") or text)
    except (ValueError, AttributeError):
        pass
    return text.strip().rstrip(".")[:300]


def _with_words(statement: str, words: Mapping[str, str]) -> str:
    """Return a statement with its bound words as texts of InfluxQL."""

    def text_of(match: re.Match[str]) -> str:
        if match[1] is None or match[1] not in words:
            return match[0]
        word = words[match[1]].replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n")
        return f"'{word}'"

    return _BOUND.sub(text_of, statement)


def _numbers_of(version: str) -> tuple[int, int]:
    """Return the first two numbers; a server that hides its version counts as 3.0, which needs the fewest features."""
    match = re.search(r"(\d+)\.(\d+)", version)
    return (int(match[1]), int(match[2])) if match else (3, 0)
