from pathlib import Path

from edge.imports.mavlink_log.tlog import TlogSource
from firmware_sim.drone.flight_log import record_treatment
from firmware_sim.drone.simulator import DroneSettings
from tests.edge.sinks import ListSink

START_MS = 1_795_752_000_000
TERRACE = DroneSettings(scenario="chongqing-terrace", seed=7)


def test_a_treatment_is_a_log_that_ends_after_the_landing_with_the_vehicles_own_id(tmp_path: Path) -> None:
    path = tmp_path / "flight.tlog"
    flight = record_treatment(TERRACE, START_MS, path, lambda: False)
    assert flight is not None
    assert START_MS < flight.start_ms < flight.end_ms < START_MS + 900_000
    source, sink = TlogSource(path, None, "gateway-1", "home"), ListSink()
    source.run(sink)
    (device,) = source.report().devices
    assert device.device.startswith("uav-484c53494d07")
    assert all(descriptor.simulated for descriptor in sink.descriptors)
    assert flight.end_ms < (device.last_ms or 0) <= flight.end_ms + 6000


def test_a_stop_ends_the_recording(tmp_path: Path) -> None:
    assert record_treatment(TERRACE, START_MS, tmp_path / "flight.tlog", lambda: True) is None
