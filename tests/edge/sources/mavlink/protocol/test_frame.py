from __future__ import annotations

import pytest

from edge.sources.mavlink.protocol.frame import Frame, find_frames
from tests.edge.sources.mavlink.stand_ins import Autopilot, frames_of


@pytest.mark.parametrize("version", [1, 2])
def test_a_search_for_one_id_finds_the_frames_that_the_decoder_finds(version: int) -> None:
    pilot, other = Autopilot(system=0xFD, version=version), Autopilot(component=0xFE, version=version)
    data = b"".join(
        [one for n in range(300) for one in (pilot.system_time(n), pilot.attitude(n), other.system_time(n))]
    )
    walked = [frame for frame in frames_of(data[:-3]) if frame.message_id == 2]
    assert [Frame(*frame) for frame in find_frames(b"\xfd\xfe" + data[:-3], (2,))] == walked
