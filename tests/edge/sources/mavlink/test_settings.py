from __future__ import annotations

import msgspec
import pytest

from edge.sources.mavlink.settings import LinkAddress, MavlinkSettings, parse_url
from headland.errors import SettingsError


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("udpin:0.0.0.0:14550", LinkAddress("udpin", "0.0.0.0", 14550)),
        ("udpout:drone.local:14550", LinkAddress("udpout", "drone.local", 14550)),
        ("tcp:127.0.0.1:5760", LinkAddress("tcp", "127.0.0.1", 5760)),
        ("tcpin:[::1]:5760", LinkAddress("tcpin", "::1", 5760)),
        ("serial:/dev/ttyUSB0:115200", LinkAddress("serial", "/dev/ttyUSB0", 115200)),
        ("serial:COM7", LinkAddress("serial", "COM7", 57600)),
    ],
)
def test_a_url_names_its_endpoint(url: str, address: LinkAddress) -> None:
    assert parse_url(url) == address
    assert MavlinkSettings(name="a", url=url).url == url


@pytest.mark.parametrize(
    "url", ["", "udp:1.2.3.4:5", "udpin:14550", "udpin::14550", "tcp:host:0", "tcp:host:65536", "serial:", "tcp:host:x"]
)
def test_a_url_that_is_no_endpoint_is_refused_in_the_settings(url: str) -> None:
    with pytest.raises(SettingsError, match="is not a MAVLink link"):
        parse_url(url)
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"type": "mavlink", "name": "a", "url": url}, MavlinkSettings)


@pytest.mark.parametrize(
    "change",
    [
        {"name": "with space"},
        {"name": "drone-link\n"},
        {"site": "home\n"},
        {"url": "serial:/dev/ttyUSB0\n"},
        {"speed": 3},
        {"rates": {"ATTITUDE": 51}},
        {"rates": {"HEARTBEAT": 1}},
        {"sprayer": {"pump_servo": 0}},
        {"sprayer": {"flow_battery_id": 0}},
        {"sprayer": {"pump": 9}},
    ],
)
def test_a_value_out_of_bounds_or_an_unknown_key_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"type": "mavlink", "name": "a", "url": "udpin:0.0.0.0:14550", **change}, MavlinkSettings)


def test_a_rate_of_nought_asks_for_nothing() -> None:
    settings = MavlinkSettings(name="a", url="udpin:0.0.0.0:14550", rates={"ATTITUDE": 0, "GPS_RAW_INT": 1.5})
    assert "ATTITUDE" not in settings.rates_hz()
    assert settings.rates_hz()["GPS_RAW_INT"] == 1.5
