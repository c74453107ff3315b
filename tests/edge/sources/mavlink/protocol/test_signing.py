from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest
from pymavlink.dialects.v20 import ardupilotmega as dialect

from edge.sources.mavlink.protocol.decoder import FrameDecoder
from edge.sources.mavlink.protocol.frame import Frame
from edge.sources.mavlink.protocol.signing import SignatureCheck, read_key
from headland.errors import SettingsError
from tests.edge.sources.mavlink.stand_ins import NOON_MS, Autopilot

KEY = hashlib.sha256(b"a passphrase").digest()


def signing(pilot: Autopilot, now_ms: int = NOON_MS, key: bytes = KEY) -> Autopilot:
    """Make an autopilot sign its messages, with pymavlink's own code."""
    state: Any = pilot.state
    state.signing.secret_key = key
    state.signing.sign_outgoing = True
    state.signing.timestamp = (now_ms - 1_420_070_400_000) * 100
    return pilot


def listen(
    data: bytes, *, accept_unsigned: bool = False, signatures: SignatureCheck | None = None
) -> tuple[list[Frame], SignatureCheck]:
    signatures = signatures or SignatureCheck(KEY, accept_unsigned=accept_unsigned)
    signatures.now_ms = NOON_MS
    decoder = FrameDecoder(signatures=signatures)
    return decoder.feed(data) + decoder.finish(), signatures


def test_frames_signed_with_the_key_are_accepted_and_counted() -> None:
    pilot = signing(Autopilot())
    frames, signatures = listen(b"".join(pilot.attitude(n) for n in range(5)))
    assert len(frames) == 5
    assert signatures.counts == {"signed": 5}


def test_another_key_a_turned_bit_or_no_signature_is_refused_and_counted_each_for_itself() -> None:
    other = signing(Autopilot(), key=bytes(32)).attitude(1)
    turned = bytearray(signing(Autopilot()).attitude(2))
    turned[-1] ^= 1
    frames, signatures = listen(other + bytes(turned) + Autopilot().attitude(3))
    assert frames == []
    assert signatures.counts == {"bad_signature": 2, "unsigned_refused": 1}


def test_a_replayed_frame_is_rejected() -> None:
    frame = signing(Autopilot()).attitude(1)
    frames, signatures = listen(frame + frame)
    assert len(frames) == 1
    assert signatures.counts == {"signed": 1, "replayed": 1}


def test_an_old_recording_is_rejected() -> None:
    frames, signatures = listen(signing(Autopilot(), NOON_MS - 3_600_000).attitude(1))
    assert frames == []
    assert signatures.counts == {"replayed": 1}


def test_the_unsigned_reports_of_a_radio_are_accepted() -> None:
    radio = Autopilot(system=51, component=68)
    status = radio.encode(dialect.MAVLink_radio_status_message(180, 170, 100, 40, 50, 3, 1))
    frames, signatures = listen(status + Autopilot().attitude(1))
    assert [frame.message_id for frame in frames] == [109]
    assert signatures.counts == {"unsigned": 1, "unsigned_refused": 1}


@pytest.mark.parametrize("version", [1, 2])
def test_unsigned_frames_are_accepted_where_the_settings_allow_them(version: int) -> None:
    frames, signatures = listen(Autopilot(version=version).attitude(1), accept_unsigned=True)
    assert len(frames) == 1
    assert signatures.counts == {"unsigned": 1}


def test_a_key_is_a_passphrase_or_64_hex_digits(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("a passphrase\n")
    assert read_key(file) == KEY
    file.write_text(KEY.hex())
    assert read_key(file) == KEY
    for text in ("", "  \n"):
        file.write_text(text)
        with pytest.raises(SettingsError, match="is empty"):
            read_key(file)
    with pytest.raises(SettingsError, match="cannot be read"):
        read_key(tmp_path / "none")
