"""Certificates of gateways at mosquitto: after a revocation, a new code or a removal none connects."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from headland.errors import PeerRefused, SettingsError
from headland.network.enrolment.keys import make_key
from headland.network.enrolment.life import RenewalTooEarly
from headland.units_of_time import DAY_MS
from station.local.gateway_registration import add_gateway_login, remove_gateway
from tests.examples import examples
from tests.station.local.enrolment.certificates_at_broker import Card, CertificateFarm, certificate_farm, has_ended
from tests.waiting import wait_until

pytestmark = pytest.mark.services("mosquitto")

#: A certificate of this age is valid for mosquitto, whose clock is the true one, and two renewals later still is.
_FIRST_MS = -88 * DAY_MS
_HALF_MS = 45 * DAY_MS
_STEPS = 12
#: `HEADLAND_CERTIFICATE_SEQUENCES=1000` runs so many.
_SEQUENCES = int(os.environ.get("HEADLAND_CERTIFICATE_SEQUENCES", examples(20)))


@pytest.fixture
def farm(tmp_path: Path) -> Iterator[CertificateFarm]:
    with certificate_farm(tmp_path) as running:
        yield running


def test_a_thief_who_renewed_twice_is_shut_out_by_a_revocation_and_by_a_new_card(farm: CertificateFarm) -> None:
    farm.shift_ms = _FIRST_MS
    stolen = [farm.enrol(farm.code("barn"), make_key())]
    for _ in range(2):
        with pytest.raises(RenewalTooEarly, match="in the second half of its life: ask again then"):
            farm.renew(stolen[-1])
        farm.shift_ms += _HALF_MS
        stolen.append(farm.renew(stolen[-1]))
    # The one before the last ends with the renewal.
    wait_until(lambda: not farm.accepts(stolen[0]))
    assert [farm.accepts(card) for card in stolen] == [False, True, True]
    farm.registrar.revoke("barn")
    assert [farm.accepts(card) for card in stolen] == [False, False, False]
    code = farm.code("barn")
    assert [farm.accepts(card) for card in stolen] == [False, False, False]
    assert not farm.has_rights("barn")
    new = farm.enrol(code, make_key())
    assert [farm.accepts(card) for card in [*stolen, new]] == [False, False, False, True]
    assert farm.has_rights("barn")


def test_a_new_code_shuts_the_old_card_out_before_it_is_used(farm: CertificateFarm) -> None:
    old = farm.enrol(farm.code("barn"), make_key())
    assert farm.accepts(old)
    code = farm.code("barn")
    assert not farm.accepts(old)
    assert not farm.has_rights("barn")
    with pytest.raises(PeerRefused):
        farm.renew(old)
    assert farm.accepts(farm.enrol(code, make_key()))


@pytest.mark.parametrize("how", ["revoke", "code", "remove"])
def test_a_session_that_is_open_ends_with_the_certificate(farm: CertificateFarm, how: str) -> None:
    neighbour = farm.connect(farm.enrol(farm.code("shed"), make_key()))
    session = farm.connect(farm.enrol(farm.code("barn"), make_key()))
    assert session is not None
    assert neighbour is not None
    if how == "revoke":
        farm.registrar.revoke("barn")
    elif how == "code":
        farm.code("barn")
    else:
        remove_gateway(farm.folder, "barn", 0)
    assert has_ended(session)
    neighbour.sendall(b"\xc0\x00")
    assert neighbour.recv(2) == b"\xd0\x00"
    session.close()
    neighbour.close()


def test_a_removed_gateway_that_is_added_again_lets_no_old_card_in(farm: CertificateFarm) -> None:
    old = farm.enrol(farm.code("barn"), make_key())
    remove_gateway(farm.folder, "barn", 0)
    assert farm.registrar.enrolled() == []
    added = add_gateway_login(farm.folder, "barn", "home", "localhost", 0)
    assert farm.has_rights("barn")
    assert not farm.accepts(old)
    # A code is a new credential, too: the password of before is none any more.
    farm.code("barn")
    assert 'password = "' in added.toml
    (login,) = [each for each in _logins(farm) if each[0] == "barn"]
    assert login[1] not in added.toml


def test_after_each_step_of_any_sequence_the_right_certificates_connect_and_no_other(farm: CertificateFarm) -> None:
    revocations = 0
    for number in range(_SEQUENCES):
        sequence = _Sequence(farm, number)
        for _ in range(_STEPS):
            sequence.step()
        sequence.finish()
        revocations += sequence.revocations
    assert revocations >= _SEQUENCES
    print(f"{_SEQUENCES} sequences, {revocations} revocations")


class _Sequence:
    """Random steps with two gateways, and which of their cards have to be accepted after each."""

    def __init__(self, farm: CertificateFarm, number: int) -> None:
        self._farm = farm
        self._chance = random.Random(number)
        self._names = (f"barn-{number}", f"shed-{number}")
        self._cards: dict[str, list[Card]] = {name: [] for name in self._names}
        self._good: dict[str, list[Card]] = {name: [] for name in self._names}
        self._code: dict[str, str] = {}
        self._until_ms: dict[str, int] = {}
        self._used: dict[str, tuple[str, bytes, Card]] = {}
        self.revocations = 0
        self._farm.shift_ms = _FIRST_MS

    def step(self) -> None:
        name = self._chance.choice(self._names)
        steps = (self._give, self._enrol, self._enrol, self._repeat, self._renew, self._renew, self._wait, self._revoke)
        said = self._chance.choice(steps)
        said(name)
        self._check(f"{said.__name__} {name}")

    def finish(self) -> None:
        for name in self._names:
            self._revoke(name)
            self._check(f"the last revocation of {name}")

    def _give(self, name: str) -> None:
        self._code[name] = self._farm.code(name)
        self._until_ms[name] = self._farm.shift_ms + 7 * DAY_MS
        self._used.pop(name, None)
        self._shut(name)

    def _enrol(self, name: str) -> None:
        code, key = self._code.get(name), make_key()
        if code is None:
            return
        try:
            card = self._farm.enrol(code, key)
        except PeerRefused:
            assert name in self._used or self._farm.shift_ms >= self._until_ms[name]
            return
        assert name not in self._used
        self._cards[name].append(card)
        self._good[name] = [card]
        self._used[name] = code, key, card

    def _repeat(self, name: str) -> None:
        if name in self._used and self._farm.shift_ms < self._until_ms[name]:
            code, key, card = self._used[name]
            assert self._farm.enrol(code, key).certificate == card.certificate

    def _renew(self, name: str) -> None:
        if not self._cards[name]:
            return
        card = self._chance.choice(self._cards[name])
        try:
            renewed = self._farm.renew(card)
        except (PeerRefused, RenewalTooEarly):
            return
        assert card is self._good[name][-1]
        self._cards[name].append(renewed)
        self._good[name] = [card, renewed]

    def _wait(self, _name: str) -> None:
        # By the clock of the broker nothing may be of the future.
        self._farm.shift_ms = min(self._farm.shift_ms + self._chance.choice((10, 46)) * DAY_MS, 0)

    def _revoke(self, name: str) -> None:
        try:
            self._farm.registrar.revoke(name)
        except SettingsError:
            assert not self._good[name]
            return
        self._code.pop(name, None)
        self._used.pop(name, None)
        self._shut(name)

    def _shut(self, name: str) -> None:
        self._good[name] = []
        self.revocations += 1

    def _check(self, after: str) -> None:
        for name in self._names:
            good = self._good[name]
            assert self._farm.has_rights(name) == bool(good) or not self._cards[name], after
            for card in self._cards[name]:
                if card in good:
                    assert self._farm.accepts(card), after
                elif good:
                    # The broker reads its list again soon after a renewal.
                    wait_until(partial(self._farm.refuses, card))
                else:
                    assert not self._farm.accepts(card), after


def _logins(farm: CertificateFarm) -> list[tuple[str, str]]:
    from station.local.gateways import Gateways

    return [(each.name, each.password) for each in Gateways(farm.folder).all()]
