"""The ingest workers elsewhere, as an API on its own asks for them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import httpx

from api.http.pagination import write_cursor
from api.schemas.gateways import Delivery, Gateway, GatewayList, Quarantined, QuarantinedDetail, QuarantineList
from headland.contract.topics import SHARDS
from headland.errors import RetryLater
from station.server.ingest_access.worker_token import WORKER_TOKEN

_ANSWER_S: Final = 5.0
#: A worker's numbers are spread by so much, so that a refused message of any worker has a number of its own here.
_MOST_WORKERS: Final = SHARDS


class RemoteIngest:
    """An `api.ops.ingest_port.IngestPort` over the workers that `urls` name, each `headland ingest run --listen`.

    A gateway is one worker's, by its shard. A refused message's number is the worker's own times 16, plus the place of
    the worker in `urls`. All were given the same `token`. Raises RetryLater while one that is needed does not answer.
    """

    def __init__(self, urls: Sequence[str], token: str) -> None:
        headers = {"Authorization": f"Bearer {token}"}
        self._workers = [httpx.Client(base_url=url, timeout=_ANSWER_S, headers=headers) for url in urls[:_MOST_WORKERS]]

    def close(self) -> None:
        """Let the connections go."""
        for worker in self._workers:
            worker.close()

    def gateways(self) -> list[Gateway]:
        """Return every gateway that was heard of, by id."""
        found: dict[str, Gateway] = {}
        for worker in self._workers:
            cursor: str | None = None
            while True:
                page = GatewayList.model_validate_json(_get(worker, "/v1/gateways", cursor=cursor).content)
                found.update((each.id, each) for each in page.items)
                if page.next is None:
                    break
                cursor = page.next
        return [found[name] for name in sorted(found)]

    def delivery(self, gateway: str) -> Delivery | None:
        """Return what became of a gateway's records; None where nobody has heard of it."""
        for worker in self._workers:
            answer = _get(worker, f"/v1/gateways/{gateway}/delivery")
            if answer.status_code == httpx.codes.OK:
                return Delivery.model_validate_json(answer.content)
        return None

    def deliveries(self, gateways: Sequence[str]) -> list[Delivery]:
        """Return what became of the records of several gateways."""
        return [delivery for gateway in gateways if (delivery := self.delivery(gateway)) is not None]

    def quarantined(self, limit: int, before: int | None, gateway: str | None) -> list[Quarantined]:
        """Return refused messages, the newest first."""
        found: list[Quarantined] = []
        for place, worker in enumerate(self._workers):
            own_before = None if before is None else -((place - before) // _MOST_WORKERS)
            if own_before is not None and own_before < 1:
                continue
            cursor = None if own_before is None else write_cursor(own_before)
            answer = _get(worker, "/v1/quarantine", limit=min(limit, 1000), cursor=cursor, gateway=gateway)
            page = QuarantineList.model_validate_json(answer.content)
            found += [each.model_copy(update={"id": each.id * _MOST_WORKERS + place}) for each in page.items]
        return sorted(found, key=lambda each: -each.id)[:limit]

    def find_quarantined(self, number: int) -> QuarantinedDetail | None:
        """Return one refused message."""
        answer = self._ask("GET", number)
        if answer is None:
            return None
        return QuarantinedDetail.model_validate_json(answer.content).model_copy(update={"id": number})

    def replay(self, number: int) -> bool:
        """Ask for a message to be tried again; False where it is not in quarantine."""
        return self._ask("POST", number, "/replay") is not None

    def drop(self, number: int) -> bool:
        """Delete a message; False where it is not in quarantine."""
        return self._ask("DELETE", number) is not None

    def _ask(self, method: str, number: int, what: str = "") -> httpx.Response | None:
        own, place = divmod(number, _MOST_WORKERS)
        if place >= len(self._workers) or own < 1:
            return None
        answer = _request(self._workers[place], method, f"/v1/quarantine/{own}{what}")
        return None if answer.status_code == httpx.codes.NOT_FOUND else answer


def _get(worker: httpx.Client, path: str, **asked: str | int | None) -> httpx.Response:
    return _request(worker, "GET", path, {name: value for name, value in asked.items() if value is not None})


def _request(worker: httpx.Client, method: str, path: str, asked: dict[str, str | int] | None = None) -> httpx.Response:
    try:
        answer = worker.request(method, path, params=asked)
    except httpx.HTTPError as error:
        raise RetryLater(f"The ingest at {worker.base_url} does not answer: {error}.") from error
    if answer.is_success or answer.status_code == httpx.codes.NOT_FOUND:
        return answer
    if answer.status_code == httpx.codes.UNAUTHORIZED:
        raise RetryLater(
            f"The ingest at {worker.base_url} was given another token: set the same {WORKER_TOKEN} for both."
        )
    raise RetryLater(f"The ingest at {worker.base_url} answers {answer.status_code} to {path}.")
