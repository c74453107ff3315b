"""A gateway whose requests to enrol and to renew are nearly right: unsigned, signed over junk, of others' cards."""

from __future__ import annotations

import base64
import random
from typing import Any, Final

import httpx
import msgspec

from headland.network.enrolment.code import EnrolmentCode, read_code
from headland.network.enrolment.keys import make_key, make_request, sign
from headland.network.enrolment.messages import ENROL_PATH, MOST_REQUEST_BYTES, RENEW_PATH
from tests.hostile.mutations import as_json, mutate, mutate_bytes
from tests.services.farm import Farm

#: Requests from one address: whoever misses more is asked to wait, before what was sent is read.
_OF_ONE_ADDRESS: Final = 15


class HostileEnrolments:
    """Asks one station from many addresses; `used` counts codes that a request, by chance still right, used up."""

    def __init__(self, farm: Farm, dice: random.Random) -> None:
        self._farm, self._dice = farm, dice
        self.used = 0
        self._asked = self._names = 0
        self._url = farm.folder.read_state().api_url
        self._key = make_key()
        self._client = httpx.Client(timeout=120)
        self._code = self._new_code()
        request = make_request(self._key)
        papers = self._enrol(self._code, request)
        self._certificate = papers["certificate"]
        self._code = self._new_code()

    def ask(self) -> httpx.Response:
        """Send the next request; return its answer."""
        dice = self._dice
        if self._asked % _OF_ONE_ADDRESS == 0:
            self._client.close()
            number = self._asked // _OF_ONE_ADDRESS
            own = f"127.{1 + number // 62_500 % 250}.{1 + number // 250 % 250}.{1 + number % 250}"
            self._client = httpx.Client(timeout=120, transport=httpx.HTTPTransport(local_address=own))
        self._asked += 1
        path = dice.choice((ENROL_PATH, RENEW_PATH))
        request = make_request(self._key) if dice.random() < 0.2 else self._hurt(make_request(self._key))
        body: Any
        if path == ENROL_PATH:
            body = {"code_id": self._code.id, "request": request, "signature": self._code.sign(request.encode())}
        else:
            certificate = self._certificate if dice.random() < 0.6 else self._hurt(self._certificate)
            body = {"certificate": certificate, "request": request, "signature": sign(self._key, request.encode())}
        for _ in range(dice.choice((0, 0, 1, 2))):
            body = mutate(body, dice)
        data = as_json(body, dice)[: MOST_REQUEST_BYTES + 100]
        answer = self._client.post(f"{self._url}{path}", content=data, headers={"Content-Type": "application/json"})
        if path == ENROL_PATH and answer.status_code == 200:
            self.used += 1
            self._code = self._new_code()
        return answer

    def close(self) -> None:
        """End the last client."""
        self._client.close()

    def _hurt(self, pem: str) -> str:
        """Return a PEM text that is damaged, of another kind, or more than one; or its DER damaged within sound PEM."""
        dice = self._dice
        match dice.randrange(5):
            case 0:
                return mutate_bytes(pem.encode(), dice).decode("latin-1")
            case 1:
                lines = pem.strip().splitlines()
                der = base64.b64decode("".join(lines[1:-1]))
                if dice.random() < 0.5:
                    at = dice.randrange(len(der))
                    der = der[:at] + bytes((dice.randrange(256),)) + der[at + 1 :]
                else:
                    der = mutate_bytes(der, dice)
                inner = base64.encodebytes(der[:1500]).decode()
                return f"{lines[0]}\n{inner}{lines[-1]}\n"
            case 2:
                return pem.replace("CERTIFICATE REQUEST", "CERTIFICATE").replace("-----BEGIN ", "-----BEGIN X", 1)
            case 3:
                return (pem + pem)[:2999]
            case _:
                return make_request(make_key(), dice.choice(("ingest", "root-admin", "gw-1", "a" * 60, "²", "../x")))

    def _new_code(self) -> EnrolmentCode:
        self._names += 1
        with self._farm.client() as client:
            made = client.post(f"/v1/gateways/mut-{self._names}/code", json={})
        assert made.status_code == 201, made.text
        return read_code(made.json()["code"])

    def _enrol(self, code: EnrolmentCode, request: str) -> Any:
        asked = {"code_id": code.id, "request": request, "signature": code.sign(request.encode())}
        answer = self._client.post(f"{self._url}{ENROL_PATH}", json=asked)
        assert answer.is_success, answer.text
        opened = code.open_sealed(base64.b64decode(answer.json()["sealed"]), request.encode())
        assert opened is not None
        return msgspec.json.decode(opened)
