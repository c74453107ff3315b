"""Polite requests: when a provider may be asked again, and with which conditions. Pure: `now_ms` and chance are given.

A provider is asked at most every `every_s` for a document, not before its `Expires`, with `If-None-Match` and
`If-Modified-Since` afterwards, and less often the longer it fails. What was refused keeps its reason until it works.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import Final

import msgspec

from headland.plain_numbers import read_whole
from headland.units_of_time import DAY_MS

#: The longest wait that a provider's word can cause; a broken clock there asks for years.
LONGEST_WAIT_MS: Final = DAY_MS
#: A share of the time since is added by chance, so that stations do not ask together.
_JITTER: Final = 0.1
_MOST_HEADER: Final = 200
_MOST_DETAIL: Final = 200


class RequestFault(StrEnum):
    """Why the last answer is not used, or the next request waits."""

    NO_ANSWER = "no_answer"
    TOO_LARGE = "too_large"
    UNREADABLE = "unreadable"
    SERVER_ERROR = "server_error"
    TOO_MANY_REQUESTS = "too_many_requests"
    QUOTA = "quota"
    NOT_PERMITTED = "not_permitted"
    WRONG_REQUEST = "wrong_request"
    MOVED = "moved"
    NO_DATA = "no_data"
    NO_KEY = "no_key"
    NO_FOLDER = "no_folder"
    FILE_REFUSED = "file_refused"


#: A person has to correct a setting: waiting does not help, and is as long as it may be.
SETTINGS_FAULTS: Final = frozenset(
    (RequestFault.NOT_PERMITTED, RequestFault.WRONG_REQUEST, RequestFault.MOVED, RequestFault.NO_DATA)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestRules:
    """Rules of a provider: the shortest time between requests for one document, and the back-off."""

    every_s: float = 3600.0
    first_wait_s: float = 60.0
    longest_wait_s: float = 6 * 3600.0


class RequestState(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a document: when it may be asked for, its validators, and what came of the last requests.

    `good_ms` is the last instant at which the provider confirmed the document that is kept, by 200 or 304. `document`
    names what is asked for. Of the last answer `refusal` is the reason why it was no document, and `detail` what was
    found in it: what the provider wrote of an error, or what of a document was left out.
    """

    document: str = ""
    refusal: str = ""
    detail: str = ""
    next_ms: int = 0
    asked_ms: int = 0
    good_ms: int = 0
    failures: int = 0
    etag: str = ""
    modified: str = ""
    fault: RequestFault | None = None
    is_deprecated: bool = False
    counts: dict[str, int] = {}


class DayQuota(msgspec.Struct, frozen=True, kw_only=True):
    """Requests of a day (UTC) to one provider, for all documents."""

    day: int = 0
    count: int = 0

    def spent(self, most: int, now_ms: int) -> bool:
        """Tell whether no further request is left today."""
        return self.day == now_ms // DAY_MS and self.count >= most

    def take(self, now_ms: int) -> DayQuota:
        """Return the quota after a request; it is counted before the request is made."""
        day = now_ms // DAY_MS
        return DayQuota(day=day, count=self.count + 1 if day == self.day else 1)


def is_due(state: RequestState, now_ms: int) -> bool:
    """Tell whether a document may be asked for. A time further ahead than any wait is that of a wrong clock."""
    return now_ms >= state.next_ms or state.next_ms - now_ms > 2 * LONGEST_WAIT_MS


def wait_for_tomorrow(state: RequestState, now_ms: int, chance: float) -> RequestState:
    """Return the state where the day's requests are spent: it goes on at midnight UTC, spread over an hour."""
    midnight_ms = (now_ms // DAY_MS + 1) * DAY_MS
    return msgspec.structs.replace(
        _count(state, RequestFault.QUOTA), next_ms=midnight_ms + round(chance * 3_600_000), fault=RequestFault.QUOTA
    )


def note_no_key(state: RequestState) -> RequestState:
    """Return the state where nothing can be asked without a key; with one it is asked at once."""
    return msgspec.structs.replace(
        _count(state, RequestFault.NO_KEY), next_ms=0, fault=RequestFault.NO_KEY, refusal="", detail=""
    )


def conditions(state: RequestState) -> dict[str, str]:
    """Return the headers that ask for the document only where it has changed."""
    headers = {"If-None-Match": state.etag} if state.etag else {}
    return {**headers, "If-Modified-Since": state.modified} if state.modified else headers


def note_failure(
    state: RequestState,
    rules: RequestRules,
    fault: RequestFault,
    now_ms: int,
    chance: float,
    headers: Mapping[str, str] | None = None,
    refusal: str = "",
    detail: str = "",
) -> RequestState:
    """Return the state after a request without a usable answer; the validators stay those of what is kept."""
    failures = state.failures + 1
    longest_ms = rules.longest_wait_s * 1000
    doubled_ms = min(longest_ms, rules.first_wait_s * 1000 * 2.0 ** min(failures - 1, 30))
    wait_ms = longest_ms if fault in SETTINGS_FAULTS else doubled_ms * (1 - _JITTER + 2 * _JITTER * chance)
    wait_ms = max(min(wait_ms, longest_ms), retry_after_ms(headers or {}, now_ms))
    return msgspec.structs.replace(
        _count(state, fault),
        asked_ms=now_ms,
        next_ms=now_ms + round(min(wait_ms, LONGEST_WAIT_MS)),
        failures=failures,
        fault=fault,
        refusal=refusal,
        detail=detail[:_MOST_DETAIL],
    )


def note_document(
    state: RequestState,
    rules: RequestRules,
    status: int,
    headers: Mapping[str, str],
    now_ms: int,
    chance: float,
    detail: str = "",
) -> RequestState:
    """Return the state after a document that can be used (200, 203), or the word that it is the same (304)."""
    is_same = status == 304
    return msgspec.structs.replace(
        _count(state, "not_modified" if is_same else "documents"),
        asked_ms=now_ms,
        good_ms=now_ms,
        next_ms=_next_ms(rules, headers, now_ms, chance),
        failures=0,
        etag=_header(headers, "etag") or (state.etag if is_same else ""),
        modified=_header(headers, "last-modified") or (state.modified if is_same else ""),
        fault=None,
        refusal="",
        detail=state.detail if is_same and state.fault is None else detail[:_MOST_DETAIL],
        is_deprecated=status == 203 or (is_same and state.is_deprecated),
    )


def fault_of_status(status: int) -> RequestFault | None:
    """Return why an answer with a status has no document; None for 200, 203 and 304."""
    if status in (200, 203, 304):
        return None
    if status == 204:
        return RequestFault.NO_DATA
    if status in (401, 402, 403, 407):
        return RequestFault.NOT_PERMITTED
    if status == 429:
        return RequestFault.TOO_MANY_REQUESTS
    if 300 <= status < 400:
        return RequestFault.MOVED
    if 400 <= status < 500 and status != 408:
        return RequestFault.WRONG_REQUEST
    return RequestFault.SERVER_ERROR


def retry_after_ms(headers: Mapping[str, str], now_ms: int) -> int:
    """Return how long `Retry-After` asks to wait, in seconds or until a date; 0 where it is not readable."""
    text = _header(headers, "retry-after").strip()
    seconds = read_whole(text, 9)
    if seconds is not None:
        return max(0, seconds * 1000)
    at_ms = http_date_ms(text)
    return 0 if at_ms is None else max(0, at_ms - now_ms)


def http_date_ms(text: str) -> int | None:
    """Return the instant of a date of HTTP (RFC 9110, 5.6.7); None for any other text."""
    try:
        at = parsedate_to_datetime(text)
        return round((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() * 1000)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def _next_ms(rules: RequestRules, headers: Mapping[str, str], now_ms: int, chance: float) -> int:
    """Return when a good document may be asked for again: by its `Expires`, measured on the provider's own clock."""
    usual_ms = rules.every_s * 1000
    expires_ms, date_ms = http_date_ms(_header(headers, "expires")), http_date_ms(_header(headers, "date"))
    fresh_ms = 0 if expires_ms is None else expires_ms - (now_ms if date_ms is None else date_ms)
    wait_ms = max(usual_ms, min(fresh_ms, LONGEST_WAIT_MS))
    return now_ms + round(min(wait_ms * (1 + _JITTER * chance), max(LONGEST_WAIT_MS, usual_ms)))


def _header(headers: Mapping[str, str], name: str) -> str:
    text = headers.get(name, "")
    return text if len(text) <= _MOST_HEADER and text.isprintable() else ""


def _count(state: RequestState, what: str) -> RequestState:
    counts = {**state.counts, str(what): state.counts.get(str(what), 0) + 1}
    return msgspec.structs.replace(state, counts=counts)
