"""Parts that a gateway gives its MAVLink sources to read vehicles' cards."""

from __future__ import annotations

from pathlib import Path

import msgspec

from edge.agent.settings import EdgeSettings, GatewaySettings
from edge.agent.sources.factory import SharedParts
from edge.imports.card.formats import log_formats
from edge.pipeline.channels.settings import ChannelSettings
from edge.sources.mavlink.settings import MavlinkSettings
from edge.sources.source import DeviceId, Readings
from headland.contract.records import Clock
from tests.edge.imports.card.healed_flight import Store

LINK = MavlinkSettings(name="radio", url="udpin:127.0.0.1:14550")


def edge_settings(folder: Path, *channels: ChannelSettings) -> EdgeSettings:
    return EdgeSettings(
        gateway=GatewaySettings(id="gw-1", site="home", data_dir=str(folder)),
        source=[LINK, msgspec.structs.replace(LINK, name="modem", url="udpin:127.0.0.1:14551")],
        channel=list(channels),
    )


def test_links_share_the_flights_and_read_both_formats(tmp_path: Path) -> None:
    settings = edge_settings(tmp_path)
    parts = SharedParts(settings, log_formats)
    radio, modem = (parts.card_parts(source) for source in settings.source if isinstance(source, MavlinkSettings))
    assert radio.flights is modem.flights is not None
    assert radio.folder == tmp_path / "card"
    assert [each.start[:4] for each in radio.formats] == [b"\xa3\x95\x80", b"ULog"]
    assert SharedParts(settings).card_parts(LINK).formats == ()


def test_samples_of_the_past_are_calibrated_as_live_ones_are(tmp_path: Path) -> None:
    table = msgspec.convert(
        {"device": "uav-1", "channel": "altitude_m", "calibration": [{"offset": 2.0}]}, ChannelSettings
    )
    parts = SharedParts(edge_settings(tmp_path, table), log_formats)
    parts.behind = store = Store()
    history = parts.card_parts(LINK).history()
    device = DeviceId("uav-1", "drone", "home")
    for begin_ms in (5000, 1000):  # an earlier gap is no late sample
        history.runs([Readings(device, Clock.GPS, [begin_ms, begin_ms + 100], {"altitude_m": [50.0, 51.0]})])
        history.finish()
    assert store.of("altitude_m") == {1000: 52.0, 1100: 53.0, 5000: 52.0, 5100: 53.0}
