"""Web push: the published example, what a browser decrypts, and the station's signature."""

from __future__ import annotations

import json

import jwt
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from headland.alarms.notification.web_push import (
    check_keys,
    decode,
    encode,
    encrypt,
    headers_for,
    make_key,
    message_of,
    read_key,
)
from headland.registry.models.alarms import PushSubscription

#: RFC 8291, appendix A.
PLAIN = b"When I grow up, I want to be a watermelon"
SENDER = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"
BROWSER = "q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94"
SUBSCRIPTION = PushSubscription(
    endpoint="https://push.example.net/push/JzLQ3raZJfFBR0aqvOMsLrt54w4rJUsV",
    p256dh="BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
    auth="BTBZMqHH6r4Tts7J_aSIgg",
)
SALT = "DGv6ra1nlYgDCS1FRnbzlw"
BODY = (
    "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_"
    "yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
)


def private_key(text: str) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(int.from_bytes(decode(text), "big"), ec.SECP256R1())


def decrypt(body: bytes, browser: ec.EllipticCurvePrivateKey, auth: bytes) -> bytes:
    """Return a message as a browser reads it (RFC 8291, 3.4), by this test's own steps."""
    salt, size, length = body[:16], int.from_bytes(body[16:20], "big"), body[20]
    point, sealed = body[21 : 21 + length], body[21 + length :]
    assert len(body) <= size == 4096
    sender = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    own = browser.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    shared = browser.exchange(ec.ECDH(), sender)
    secret = HKDF(hashes.SHA256(), 32, auth, b"WebPush: info\0" + own + point).derive(shared)
    key = HKDF(hashes.SHA256(), 16, salt, b"Content-Encoding: aes128gcm\0").derive(secret)
    nonce = HKDF(hashes.SHA256(), 12, salt, b"Content-Encoding: nonce\0").derive(secret)
    record = AESGCM(key).decrypt(nonce, sealed, None).rstrip(b"\0")
    assert record[-1] == 2
    return record[:-1]


def test_the_published_example_is_encrypted_byte_by_byte() -> None:
    body = encrypt(PLAIN, SUBSCRIPTION, decode(SALT), private_key(SENDER))
    assert encode(body) == BODY
    assert decrypt(body, private_key(BROWSER), decode(SUBSCRIPTION.auth)) == PLAIN


def test_each_message_has_a_key_and_a_salt_of_its_own_and_only_the_browser_reads_it() -> None:
    first, second = encrypt(PLAIN, SUBSCRIPTION), encrypt(PLAIN, SUBSCRIPTION)
    assert first[:86] != second[:86]
    assert decrypt(first, private_key(BROWSER), decode(SUBSCRIPTION.auth)) == PLAIN
    with pytest.raises(Exception):  # noqa: B017, PT011 - InvalidTag has no common base
        decrypt(first, private_key(SENDER), decode(SUBSCRIPTION.auth))


def test_the_signature_is_for_the_push_service_alone_and_ends_within_a_day() -> None:
    key = read_key(make_key())
    headers = headers_for(SUBSCRIPTION.endpoint, key, "mailto:a@example.org", 1_000_000, is_urgent=True)
    scheme, _, values = headers["Authorization"].partition(" ")
    token, public = (part.partition("=")[2] for part in values.split(", "))
    assert (scheme, public, headers["Urgency"]) == ("vapid", key.public_text, "high")
    point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), decode(public))
    claims = jwt.decode(token, point, ["ES256"], audience="https://push.example.net", options={"verify_exp": False})
    assert 0 < claims["exp"] - 1_000_000 <= 86_400
    assert len(decode(public)) == 65


def test_a_long_notice_fits_into_a_message() -> None:
    body = {"title": "冻" * 300, "text": "冻害" * 4000, "language": "zh-CN", "rule": "frost", "what": "raised"}
    message = message_of(json.dumps(body))
    assert len(encrypt(message, SUBSCRIPTION)) <= 4096
    assert set(json.loads(message)) == {"title", "text", "language", "tag"}


@pytest.mark.parametrize(
    ("p256dh", "auth"),
    [("", SUBSCRIPTION.auth), (SUBSCRIPTION.p256dh[:-4], SUBSCRIPTION.auth), (SUBSCRIPTION.p256dh, "AAAA"), ("!", "!")],
)
def test_keys_that_no_browser_has_are_refused(p256dh: str, auth: str) -> None:
    check_keys(SUBSCRIPTION.p256dh, SUBSCRIPTION.auth)
    with pytest.raises(ValueError):  # noqa: PT011 - every cause is told by one sentence
        check_keys(p256dh, auth)
