from __future__ import annotations

import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headland.contract.ack_keys import derive_ack_key, is_genuine, session_name, sign_ack
from headland.contract.codec import decode_record, encode_record
from headland.contract.records import Ack

SECRET = "a secret of this farm"
KEY = derive_ack_key(SECRET, "gw-1")
NAMES = st.from_regex(r"[a-z][a-z0-9-]{0,20}", fullmatch=True)


@given(gateway=NAMES, epoch=st.text(max_size=40), seq=st.integers(0, 2**53))
def test_a_signed_ack_is_genuine_for_its_gateway_also_after_the_wire(gateway: str, epoch: str, seq: int) -> None:
    key = derive_ack_key(SECRET, gateway)
    signed = sign_ack(Ack(epoch=epoch, seq=seq), gateway, key)
    assert is_genuine(signed, gateway, key)
    decoded = decode_record(encode_record(signed), Ack)
    assert isinstance(decoded, Ack)
    assert is_genuine(decoded, gateway, key)


@given(gateway=NAMES, seq=st.integers(0, 2**53), mac=st.text(max_size=80))
def test_no_other_gateway_seq_epoch_key_or_signature_is_genuine(gateway: str, seq: int, mac: str) -> None:
    signed = sign_ack(Ack(epoch="e1", seq=seq), gateway, derive_ack_key(SECRET, gateway))
    key = derive_ack_key(SECRET, gateway)
    assert not is_genuine(Ack(epoch="e1", seq=seq + 1, mac=signed.mac), gateway, key)
    assert not is_genuine(Ack(epoch="e2", seq=seq, mac=signed.mac), gateway, key)
    assert not is_genuine(signed, gateway + "x", key)
    assert not is_genuine(signed, gateway, derive_ack_key(SECRET + "x", gateway))
    assert is_genuine(Ack(epoch="e1", seq=seq, mac=mac), gateway, key) == (mac == signed.mac)
    assert not is_genuine(Ack(epoch="e1", seq=seq), gateway, key)


def test_the_signature_is_an_ordinary_hmac_that_others_can_make() -> None:
    key = hmac.new(SECRET.encode(), b"commit ack key of Headland 1\ngw-1", hashlib.sha256).hexdigest()
    assert key == KEY
    mac = hmac.new(bytes.fromhex(key), b"gw-1\nepoch\n7", hashlib.sha256).hexdigest()
    assert sign_ack(Ack(epoch="epoch", seq=7), "gw-1", KEY).mac == mac


def test_an_unsigned_ack_is_on_the_wire_as_before() -> None:
    assert b"mac" not in encode_record(Ack(epoch="e", seq=1))


def test_an_empty_secret_and_a_malformed_key_are_refused() -> None:
    with pytest.raises(ValueError, match="empty"):
        derive_ack_key("", "gw-1")
    for key in ("", "00", "z" * 64, KEY + "00"):
        with pytest.raises(ValueError, match="64"):
            is_genuine(Ack(epoch="e", seq=1), "gw-1", key)


def test_the_session_of_a_worker_cannot_be_guessed_without_the_secret() -> None:
    name = session_name(SECRET, "ingest-0")
    assert name.startswith("ingest-0-")
    assert len(name) == len("ingest-0-") + 16
    assert name != session_name("another secret of a farm", "ingest-0")
