"""Enrolments: one gateway a code, renewal by the newest certificate alone, revocation."""

from __future__ import annotations

import base64
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from headland.errors import PeerRefused, SettingsError
from headland.network.enrolment.code import EnrolmentCode
from headland.network.enrolment.keys import make_key, make_request, requested_key, sign
from headland.network.enrolment.life import RenewalTooEarly
from headland.network.enrolment.messages import EnrolmentPapers, EnrolmentRequest, RenewalRequest
from headland.units_of_time import DAY_MS
from station.local.enrolment.authority import CertificateAuthority, certificate_text, utc
from station.local.enrolment.enrolments import Enrolments
from station.local.enrolment.record import read_enrolments
from station.local.gateway_registration import enrolled_gateways

NOW_MS = 1_790_000_000_000


@pytest.fixture
def authority(tmp_path: Path) -> CertificateAuthority:
    made = CertificateAuthority(tmp_path)
    made.ensure(utc(NOW_MS))
    return made


@pytest.fixture
def enrolments(tmp_path: Path, authority: CertificateAuthority) -> Enrolments:
    return Enrolments(tmp_path, authority)


def ask(code: EnrolmentCode, key: bytes) -> EnrolmentRequest:
    request = make_request(key, "any name")
    return EnrolmentRequest(code_id=code.id, request=request, signature=code.sign(request.encode()))


def enrol(enrolments: Enrolments, code: EnrolmentCode, key: bytes, now_ms: int = NOW_MS) -> EnrolmentPapers:
    asked = ask(code, key)
    sealed = base64.b64decode(enrolments.enrol(asked, now_ms).sealed)
    opened = code.open_sealed(sealed, asked.request.encode())
    assert opened is not None
    return msgspec.json.decode(opened, type=EnrolmentPapers)


def renew(enrolments: Enrolments, certificate: str, key: bytes, new_key: bytes, now_ms: int) -> str:
    request = make_request(new_key)
    asked = RenewalRequest(certificate=certificate, request=request, signature=sign(key, request.encode()))
    return enrolments.renew(asked, now_ms).certificate


def revoked_serials(authority: CertificateAuthority) -> set[int]:
    revoked = x509.load_pem_x509_crl(authority.revoked_path.read_bytes())
    return {each.serial_number for each in revoked}


def test_a_code_gives_a_gateway_its_settings_and_a_certificate_of_its_own_key(
    enrolments: Enrolments, authority: CertificateAuthority
) -> None:
    code, expires_ms = enrolments.give_code("barn", "the settings", NOW_MS)
    assert expires_ms == NOW_MS + 7 * DAY_MS
    papers = enrol(enrolments, code, make_key())
    assert (papers.gateway, papers.settings) == ("barn", "the settings")
    certificate = x509.load_pem_x509_certificate(papers.certificate.encode())
    assert certificate.subject.rfc4514_string() == "CN=barn"
    assert authority.has_signed(certificate)
    assert certificate.not_valid_after_utc == utc(NOW_MS + 90 * DAY_MS)


def test_a_copied_card_cannot_enrol_a_second_time(enrolments: Enrolments) -> None:
    code, _ = enrolments.give_code("barn", "", NOW_MS)
    key = make_key()
    enrol(enrolments, code, key)
    with pytest.raises(PeerRefused, match="was used"):
        enrolments.enrol(ask(code, make_key()), NOW_MS)
    # The gateway itself may ask again: the answer may have been lost.
    assert enrol(enrolments, code, key).gateway == "barn"


def test_an_old_unknown_or_wrongly_signed_code_is_refused_with_the_same_sentence(enrolments: Enrolments) -> None:
    code, expires_ms = enrolments.give_code("barn", "", NOW_MS)
    guessed = replace(code, secret="0" * 16)
    unknown = replace(code, id="0000")
    replaced, _ = enrolments.give_code("shed", "", NOW_MS)
    again, _ = enrolments.give_code("shed", "", NOW_MS)
    said = set()
    for wrong, now_ms in ((guessed, NOW_MS), (unknown, NOW_MS), (code, expires_ms), (replaced, NOW_MS)):
        with pytest.raises(PeerRefused) as refused:
            enrolments.enrol(ask(wrong, make_key()), now_ms)
        said.add(str(refused.value))
    assert len(said) == 1
    assert enrol(enrolments, again, make_key()).gateway == "shed"
    empty = EnrolmentRequest(code_id="", request="", signature="")
    with pytest.raises(PeerRefused):
        enrolments.enrol(empty, NOW_MS)


def test_who_replaces_the_request_on_the_way_is_refused(enrolments: Enrolments) -> None:
    code, _ = enrolments.give_code("barn", "", NOW_MS)
    asked = ask(code, make_key())
    with pytest.raises(PeerRefused):
        enrolments.enrol(msgspec.structs.replace(asked, request=make_request(make_key())), NOW_MS)


@pytest.mark.parametrize("request_text", ["", "junk", "-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n"])
def test_a_signed_request_that_is_none_uses_no_code_up(enrolments: Enrolments, request_text: str) -> None:
    code, _ = enrolments.give_code("barn", "", NOW_MS)
    asked = EnrolmentRequest(code_id=code.id, request=request_text, signature=code.sign(request_text.encode()))
    with pytest.raises(SettingsError):
        enrolments.enrol(asked, NOW_MS)
    assert enrol(enrolments, code, make_key()).gateway == "barn"


def test_a_certificate_is_renewed_and_a_lost_answer_repeated(enrolments: Enrolments) -> None:
    code, _ = enrolments.give_code("barn", "", NOW_MS)
    key, next_key = make_key(), make_key()
    first = enrol(enrolments, code, key).certificate
    later_ms = NOW_MS + 60 * DAY_MS
    renew(enrolments, first, key, next_key, later_ms)
    second = renew(enrolments, first, key, next_key, later_ms)
    assert renew(enrolments, first, key, next_key, later_ms + 20 * DAY_MS) == second
    last_key = make_key()
    third = renew(enrolments, second, next_key, last_key, later_ms + 60 * DAY_MS)
    assert first != second
    assert third not in (first, second)
    # The lost one did not arrive a second time as another certificate, of which nobody would know.
    assert renew(enrolments, second, next_key, last_key, later_ms + 60 * DAY_MS) == third


def test_of_two_cards_with_one_key_the_second_cannot_renew(enrolments: Enrolments) -> None:
    code, _ = enrolments.give_code("barn", "", NOW_MS)
    key = make_key()
    certificate = enrol(enrolments, code, key).certificate
    renew(enrolments, certificate, key, make_key(), NOW_MS + 60 * DAY_MS)
    with pytest.raises(PeerRefused, match="another machine has a copy of its card"):
        renew(enrolments, certificate, key, make_key(), NOW_MS + 60 * DAY_MS)


def test_a_renewal_needs_the_key_a_valid_time_and_the_farms_own_authority(
    enrolments: Enrolments, tmp_path: Path
) -> None:
    code, _ = enrolments.give_code("barn", "", NOW_MS)
    key = make_key()
    certificate = enrol(enrolments, code, key).certificate
    with pytest.raises(PeerRefused):
        renew(enrolments, certificate, make_key(), make_key(), NOW_MS)
    with pytest.raises(PeerRefused):
        renew(enrolments, certificate, key, make_key(), NOW_MS + 91 * DAY_MS)
    foreign = CertificateAuthority(tmp_path / "foreign")
    foreign.ensure(utc(NOW_MS))
    forged = foreign.sign_gateway("barn", make_request(key), utc(NOW_MS))
    with pytest.raises(PeerRefused):
        renew(enrolments, certificate_text(forged), key, make_key(), NOW_MS)
    with pytest.raises(PeerRefused):
        renew(enrolments, "junk", key, make_key(), NOW_MS)


def damaged(pem: str, at: int, value: int) -> str:
    """Return a PEM text with one byte of its content changed."""
    first, *lines, last = pem.strip().splitlines()
    der = bytearray(base64.b64decode("".join(lines)))
    der[at % len(der)] = value
    return "\n".join((first, base64.encodebytes(der).decode().strip(), last)) + "\n"


#: Places of lengths, tags, versions and names of algorithms, and what may be there instead.
PLACES = [(at, value) for at in range(250) for value in (0, 1, 2, 3, 5, 0x30, 0x7F, 0x80, 0xFF)]


# The library warns of what a later version of it refuses.
@pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")
def test_any_byte_of_a_certificate_or_a_request_may_be_another_and_is_refused_with_a_sentence(
    enrolments: Enrolments,
) -> None:
    code, _ = enrolments.give_code("barn", "", NOW_MS)
    key = make_key()
    certificate = enrol(enrolments, code, key).certificate
    request = make_request(key)
    for at, value in PLACES:
        asked = damaged(request, at, value)
        with suppress(SettingsError):
            requested_key(asked)
        shown = RenewalRequest(
            certificate=damaged(certificate, at, value), request=request, signature=sign(key, request.encode())
        )
        with suppress(PeerRefused, RenewalTooEarly):
            enrolments.renew(shown, NOW_MS)


def test_a_revoked_gateway_is_in_the_brokers_list_and_cannot_renew(
    enrolments: Enrolments, authority: CertificateAuthority
) -> None:
    code, _ = enrolments.give_code("barn", "", NOW_MS)
    key = make_key()
    certificate = enrol(enrolments, code, key).certificate
    assert revoked_serials(authority) == set()
    enrolments.revoke("barn", NOW_MS)
    assert revoked_serials(authority) == {x509.load_pem_x509_certificate(certificate.encode()).serial_number}
    with pytest.raises(PeerRefused):
        renew(enrolments, certificate, key, make_key(), NOW_MS)
    with pytest.raises(PeerRefused):
        enrolments.enrol(ask(code, key), NOW_MS)
    with pytest.raises(SettingsError, match="nothing to revoke"):
        enrolments.revoke("barn", NOW_MS)


def test_the_state_of_each_code_is_listed_without_the_code(enrolments: Enrolments) -> None:
    def states(now_ms: int) -> dict[str, tuple[object, ...]]:
        listed = enrolled_gateways(enrolments.all(), now_ms)
        return {each.name: (each.code, each.code_expires_ms, each.enrolled_ms, each.is_revoked) for each in listed}

    code, _ = enrolments.give_code("barn", "", NOW_MS)
    enrolments.give_code("shed", "", NOW_MS)
    expires_ms = NOW_MS + 7 * DAY_MS
    assert states(NOW_MS)["barn"] == ("waiting", expires_ms, None, False)
    enrol(enrolments, code, make_key())
    enrolments.revoke("shed", NOW_MS)
    assert states(NOW_MS) == {"barn": ("used", None, NOW_MS, False), "shed": ("none", None, None, True)}
    again, _ = enrolments.give_code("shed", "", NOW_MS)
    assert states(expires_ms)["shed"] == ("expired", None, None, False)
    told = repr(enrolled_gateways(enrolments.all(), NOW_MS))
    assert not any(secret in told for secret in (code.secret, again.secret, again.id))


def test_the_authoritys_key_and_the_codes_are_their_owners_alone(tmp_path: Path, enrolments: Enrolments) -> None:
    enrolments.give_code("barn", "", NOW_MS)
    modes = {path.name: path.stat().st_mode & 0o077 for path in tmp_path.iterdir()}
    assert (modes["ca.key"], modes["enrolments.json"]) == (0, 0)


def serial_of(certificate: str) -> int:
    return x509.load_pem_x509_certificate(certificate.encode()).serial_number


def test_a_renewal_waits_for_half_of_the_life_and_ends_the_certificate_before_the_last(
    enrolments: Enrolments, authority: CertificateAuthority
) -> None:
    code, _ = enrolments.give_code("barn", "", NOW_MS)
    keys = [make_key() for _ in range(4)]
    certificates = [enrol(enrolments, code, keys[0]).certificate]
    now_ms = NOW_MS
    for at in range(3):
        due_ms = now_ms + 45 * DAY_MS
        with pytest.raises(RenewalTooEarly, match="in the second half of its life"):
            renew(enrolments, certificates[at], keys[at], keys[at + 1], due_ms - 1)
        now_ms = due_ms
        certificates.append(renew(enrolments, certificates[at], keys[at], keys[at + 1], now_ms))
        assert revoked_serials(authority) == {serial_of(each) for each in certificates[:at]}
    enrolments.give_code("barn", "", now_ms)
    assert revoked_serials(authority) == {serial_of(each) for each in certificates}


def stored_before(folder: Path, **values: object) -> None:
    """Write the file as versions up to 0.2.0 have it."""
    record = {"gateway": "barn", "settings": "", "code_id": "AAAA", "secret": "0" * 16, "is_used": True, **values}
    (folder / "enrolments.json").write_bytes(msgspec.json.encode([record]))


def test_what_an_earlier_version_stored_is_renewed_and_revoked_whole(
    tmp_path: Path, enrolments: Enrolments, authority: CertificateAuthority
) -> None:
    keys = [make_key() for _ in range(3)]
    signed = [
        authority.sign_gateway("barn", make_request(key), utc(NOW_MS - days * DAY_MS))
        for key, days in zip(keys, (100, 55, 8), strict=True)
    ]
    serials = [f"{each.serial_number:x}" for each in signed]
    stored_before(
        tmp_path, serial=serials[1], former_serial=serials[0], enrolled_ms=NOW_MS - 100 * DAY_MS, revoked=["a"]
    )
    (known,) = read_enrolments(tmp_path)
    assert not known.is_shut
    next_key = make_key()
    renewed = renew(enrolments, certificate_text(signed[1]), keys[1], next_key, NOW_MS)
    assert revoked_serials(authority) == {10, signed[0].serial_number}
    enrolments.revoke("barn", NOW_MS)
    assert revoked_serials(authority) == {10, signed[0].serial_number, signed[1].serial_number, serial_of(renewed)}
    (known,) = read_enrolments(tmp_path)
    assert known.is_shut


def test_a_renewal_whose_answer_was_lost_before_the_upgrade_is_answered(
    tmp_path: Path, enrolments: Enrolments, authority: CertificateAuthority
) -> None:
    key, next_key = make_key(), make_key()
    present = authority.sign_gateway("barn", make_request(key), utc(NOW_MS - 50 * DAY_MS))
    lost = authority.sign_gateway("barn", make_request(next_key), utc(NOW_MS))
    raw = requested_key(make_request(next_key)).public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    stored_before(
        tmp_path,
        serial=f"{lost.serial_number:x}",
        former_serial=f"{present.serial_number:x}",
        key=base64.b64encode(raw).decode(),
        enrolled_ms=NOW_MS - 50 * DAY_MS,
    )
    renewed = renew(enrolments, certificate_text(present), key, next_key, NOW_MS)
    assert revoked_serials(authority) == {lost.serial_number}
    enrolments.revoke("barn", NOW_MS)
    assert revoked_serials(authority) == {lost.serial_number, present.serial_number, serial_of(renewed)}


@pytest.mark.parametrize(
    ("values", "is_shut"),
    [
        # A login with a password that was offered a code, which nobody has used: it has no card.
        ({"is_used": False}, False),
        ({"is_used": False, "enrolled_ms": 1, "revoked": ["a"]}, True),
        ({"code_id": "", "secret": ""}, True),
    ],
)
def test_a_code_that_waits_opens_nothing_to_who_had_a_certificate(
    tmp_path: Path, enrolments: Enrolments, values: dict[str, object], is_shut: bool
) -> None:
    stored_before(tmp_path, **values)
    assert [each.is_shut for each in read_enrolments(tmp_path)] == [is_shut]
    assert len(enrolments.all()) == 1


def test_ended_certificates_leave_the_list_but_a_clock_that_is_ahead_opens_none(
    enrolments: Enrolments, authority: CertificateAuthority
) -> None:
    def enrol_again(now_ms: int) -> int:
        code, _ = enrolments.give_code("barn", "", now_ms)
        return serial_of(enrol(enrolments, code, make_key(), now_ms).certificate)

    serials = [enrol_again(NOW_MS) for _ in range(40)]
    enrolments.revoke("barn", NOW_MS)
    assert revoked_serials(authority) == set(serials)
    ahead_ms = NOW_MS + 4000 * DAY_MS
    enrolments.give_code("barn", "", ahead_ms)
    assert revoked_serials(authority) == set(serials[-16:])


def test_a_removed_gateway_has_no_code_no_certificate_and_no_line(
    enrolments: Enrolments, authority: CertificateAuthority
) -> None:
    code, _ = enrolments.give_code("barn", "", NOW_MS)
    key = make_key()
    certificate = enrol(enrolments, code, key).certificate
    enrolments.remove("barn", NOW_MS)
    enrolments.remove("never enrolled", NOW_MS)
    assert revoked_serials(authority) == {serial_of(certificate)}
    assert enrolled_gateways(enrolments.all(), NOW_MS) == []
    assert [each.is_shut for each in enrolments.all()] == [False]
    with pytest.raises(PeerRefused):
        enrolments.enrol(ask(code, key), NOW_MS)
