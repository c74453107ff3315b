"""Access of the API to ingest workers in other processes, over HTTP."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import httpx
import msgspec

from api.http.pagination import write_cursor
from api.schemas.devices.gateways import AcceptedLoss, GatewayList, QuarantineList
from api.schemas.problem import Problem
from headland.contract.delivery import Delivery, Quarantined, QuarantinedDetail
from headland.contract.gateway_orders import Order, OrderOutcome, offline_sentence
from headland.contract.gateway_state import GatewayState
from headland.contract.posts.packs import PacksToStore, PostedPack, PostedResult
from headland.contract.posts.receipts import PostReceipt, ReceivedPosts
from headland.contract.topics import SHARDS
from headland.errors import RetryLater
from station.server.ingest_access.worker_token import WORKER_TOKEN

_TIMEOUT_S: Final = 5.0
#: A gateway looks for orders every two seconds, and one order waits for the end of another.
_ORDER_S: Final = 30.0
#: Factor that makes the numbers of quarantined messages unique over all workers.
_MAX_WORKERS: Final = SHARDS


class RemoteIngest:
    """Implements `api.ops.ingest_port.IngestPort` with the workers at `urls`, each `headland ingest run --listen`.

    Each gateway belongs to one worker, by its shard. The number of a quarantined message is the worker's own number
    times 16, plus the index of the worker in `urls`. All workers have the same `token`. Raises RetryLater while a
    worker that is needed does not respond.
    """

    def __init__(self, urls: Sequence[str], token: str) -> None:
        headers = {"Authorization": f"Bearer {token}"}
        self._workers = [httpx.Client(base_url=url, timeout=_TIMEOUT_S, headers=headers) for url in urls[:_MAX_WORKERS]]

    def close(self) -> None:
        """Close the connections."""
        for worker in self._workers:
            worker.close()

    def gateways(self) -> list[GatewayState]:
        """Return all known gateways, by id."""
        gateways: dict[str, GatewayState] = {}
        for worker in self._workers:
            cursor: str | None = None
            while True:
                page = msgspec.json.decode(_get(worker, "/v1/gateways", cursor=cursor).content, type=GatewayList)
                gateways.update((gateway.id, gateway) for gateway in page.items)
                if page.next is None:
                    break
                cursor = page.next
        return [gateways[name] for name in sorted(gateways)]

    def delivery(self, gateway: str) -> Delivery | None:
        """Return the delivery of a gateway; None for an unknown gateway."""
        for worker in self._workers:
            response = _get(worker, f"/v1/gateways/{gateway}/delivery")
            if response.status_code == httpx.codes.OK:
                return msgspec.json.decode(response.content, type=Delivery)
        return None

    def deliveries(self, gateways: Sequence[str]) -> list[Delivery]:
        """Return the deliveries of several gateways."""
        return [delivery for gateway in gateways if (delivery := self.delivery(gateway)) is not None]

    def quarantined(self, limit: int, before: int | None, gateway: str | None) -> list[Quarantined]:
        """Return quarantined messages, newest first."""
        messages: list[Quarantined] = []
        for index, worker in enumerate(self._workers):
            own_before = None if before is None else -((index - before) // _MAX_WORKERS)
            if own_before is not None and own_before < 1:
                continue
            cursor = None if own_before is None else write_cursor(own_before)
            response = _get(worker, "/v1/quarantine", limit=min(limit, 1000), cursor=cursor, gateway=gateway)
            page = msgspec.json.decode(response.content, type=QuarantineList)
            messages += [
                msgspec.structs.replace(message, id=message.id * _MAX_WORKERS + index) for message in page.items
            ]
        return sorted(messages, key=lambda message: -message.id)[:limit]

    def find_quarantined(self, number: int) -> QuarantinedDetail | None:
        """Return a quarantined message."""
        response = self._send("GET", number)
        if response is None:
            return None
        return msgspec.structs.replace(msgspec.json.decode(response.content, type=QuarantinedDetail), id=number)

    def replay(self, number: int) -> bool:
        """Request that a message is processed again; False where it is not in quarantine."""
        return self._send("POST", number, "/replay") is not None

    def devices_moved(self, gateway: str) -> None:
        """Take the owners of devices from the store now, and repeat what `gateway` sent about a device before."""
        for worker in self._workers:
            _request(worker, "POST", f"/v1/gateways/{gateway}/refresh")

    def accept_loss(self, gateway: str) -> int | None:
        """Accept the loss of a gateway and return it; None for an unknown gateway."""
        for worker in self._workers:
            response = _request(worker, "POST", f"/v1/gateways/{gateway}/delivery/accept")
            if response.status_code == httpx.codes.OK:
                return msgspec.json.decode(response.content, type=AcceptedLoss).loss
        return None

    def send_rules(self, gateway: str, number: int, content: bytes) -> None:
        """Send alarm rules to a gateway by one worker: the last, whose word `gateways` takes."""
        if self._workers:
            body: dict[str, str | int] = {"number": number, "content": content.decode()}
            _request(self._workers[-1], "POST", f"/v1/gateways/{gateway}/rules", body=body)

    def hand_over(self, gateway: str, packs: Sequence[PostedPack], within_s: float) -> PostedResult:
        """Store packs in the name of a gateway by the worker of its shard, after whose commit it answers."""
        body = PacksToStore(packs=tuple(packs), within_s=within_s).encode()
        away: RetryLater | None = None
        for worker in self._workers:
            try:
                response = _request(worker, "POST", f"/v1/gateways/{gateway}/packs", content=body, within_s=within_s)
            except RetryLater as error:
                # Another one may have the shard.
                away = error
                continue
            if response.status_code == httpx.codes.OK:
                return msgspec.json.decode(response.content, type=PostedResult)
        raise away or RetryLater(f"No ingest worker has the shard of {gateway}.")

    def note_post(self, receipt: PostReceipt) -> bool:
        """Add the receipt of a post to those of its login, at the worker of its shard."""
        away: RetryLater | None = None
        for worker in self._workers:
            try:
                response = _request(worker, "POST", "/v1/receipts", content=receipt.encode())
            except RetryLater as error:
                away = error
                continue
            if response.is_success:
                return True
        if away is not None:
            raise away
        return False

    def received_posts(self) -> list[ReceivedPosts]:
        """Return what each login has posted, by gateway."""
        found = [
            received
            for worker in self._workers
            for received in msgspec.json.decode(_get(worker, "/v1/receipts").content, type=list[ReceivedPosts])
        ]
        return sorted(found, key=lambda received: received.gateway)

    def take_read(self, number: int) -> bool:
        """Remove a message of which all is stored by now; False where it is not in quarantine."""
        return self._send("POST", number, "/read") is not None

    def order(self, gateway: str, order: Order) -> OrderOutcome:
        """Return a gateway's answer to an order. Raises RetryLater where none comes.

        Every worker hears all gateways, one that has just started a moment later: the next is asked where nothing was
        sent yet.
        """
        if not self._workers:
            raise RetryLater("there is no ingest worker")
        body = {"order": msgspec.to_builtins(order)}
        path = f"/v1/gateways/{gateway}/orders"
        away = RetryLater(offline_sentence(gateway))
        for worker in reversed(self._workers):
            try:
                response = _request(worker, "POST", path, body=body, within_s=_ORDER_S)
            except RetryLater as error:
                if str(error) != offline_sentence(gateway) and not isinstance(error.__cause__, httpx.ConnectError):
                    raise
                away = error
                continue
            if response.status_code != httpx.codes.NOT_FOUND:
                return msgspec.json.decode(response.content, type=OrderOutcome)
        raise away

    def forget_marks(self, gateway: str) -> None:
        """Forget how far a gateway's spools were committed to an earlier store."""
        for worker in self._workers:
            _request(worker, "DELETE", f"/v1/gateways/{gateway}/delivery/marks")

    def drop(self, number: int) -> bool:
        """Delete a message; False where it is not in quarantine."""
        return self._send("DELETE", number) is not None

    def _send(self, method: str, number: int, action: str = "") -> httpx.Response | None:
        own, index = divmod(number, _MAX_WORKERS)
        if index >= len(self._workers) or own < 1:
            return None
        response = _request(self._workers[index], method, f"/v1/quarantine/{own}{action}")
        return None if response.status_code == httpx.codes.NOT_FOUND else response


def _get(worker: httpx.Client, path: str, **parameters: str | int | None) -> httpx.Response:
    return _request(worker, "GET", path, {name: value for name, value in parameters.items() if value is not None})


def _request(
    worker: httpx.Client,
    method: str,
    path: str,
    parameters: dict[str, str | int] | None = None,
    body: dict[str, Any] | None = None,
    content: bytes | None = None,
    within_s: float = 0.0,
) -> httpx.Response:
    headers = None if content is None else {"Content-Type": "application/octet-stream"}
    timeout_s = _TIMEOUT_S + within_s
    try:
        response = worker.request(
            method, path, params=parameters, json=body, content=content, headers=headers, timeout=timeout_s
        )
    except httpx.HTTPError as error:
        raise RetryLater(f"The ingest worker at {worker.base_url} does not respond: {error}.") from error
    if response.is_success or response.status_code == httpx.codes.NOT_FOUND:
        return response
    if response.status_code == httpx.codes.UNAUTHORIZED:
        raise RetryLater(
            f"The ingest worker at {worker.base_url} has another token: set the same {WORKER_TOKEN} for both."
        )
    if response.status_code == httpx.codes.SERVICE_UNAVAILABLE and (reason := _reason(response)):
        raise RetryLater(reason)
    raise RetryLater(f"The ingest worker at {worker.base_url} responded to {path} with status {response.status_code}.")


def _reason(response: httpx.Response) -> str:
    """Return why a worker cannot answer now, in its own words; empty where it does not say."""
    try:
        return msgspec.json.decode(response.content, type=Problem).detail
    except msgspec.MsgspecError:
        return ""
