"""Records that a full spool drops: they count as reported only where a report names them, also in a later epoch."""

import random
from pathlib import Path

import pytest

from headland.store.port import Mark, MarkState
from station.simulation.agenda import Agenda
from station.simulation.machines.broker import Broker
from station.simulation.machines.gateway import SimulatedGateway
from station.simulation.machines.gateway_process import GatewayProcess
from station.simulation.machines.network import Network
from station.simulation.machines.receiver import StationMachine
from station.simulation.truth import GatewayTruth
from tests.store.batches import batch


@pytest.fixture
def gateway(tmp_path: Path) -> SimulatedGateway:
    """A gateway without a connection whose spool has just begun to drop records."""
    agenda, rng = Agenda(), random.Random(1)
    network = Network(agenda, rng, Broker(agenda, max_queued=0))
    gateway = SimulatedGateway(agenda, rng, network, tmp_path / "gateway", "g0", 0, GatewayTruth({"g0"}))
    gateway.has_small_spool, gateway.max_bytes = True, 20_000
    gateway.line.is_up = False
    gateway.start()
    process = process_of(gateway)
    while not drops(process):
        process.append(1)
    return gateway


def process_of(gateway: SimulatedGateway) -> GatewayProcess:
    assert gateway.process is not None
    return gateway.process


def drops(process: GatewayProcess) -> int:
    status = process.spool.status()
    return status.dropped_records + status.thinned_points


def reported(gateway: SimulatedGateway) -> set[int]:
    """Let the spool send all it has, and return what its reports name."""
    gateway.line.is_up = True
    gateway.agenda.run(gateway.agenda.now_s + 1200.0)
    gateway.kill()
    return set().union(*gateway.dropped.values())


def on_disk(gateway: SimulatedGateway) -> set[int]:
    return gateway.read_numbers(gateway.disk.read())


def test_a_record_that_replaces_others_covers_their_numbers_in_the_next_epoch(gateway: SimulatedGateway) -> None:
    process, truth = process_of(gateway), gateway.truth
    assert on_disk(gateway) < truth.certain
    for _ in range(2):  # a report may wait for several epochs
        epoch = process.spool.epoch
        assert process.spool.confirm(epoch, process.spool.last_seq + 1)  # an ack of another spool
        assert process.spool.epoch != epoch
        process.append(0)
        assert truth.numbers(process.spool.epoch, 1, process.spool.last_seq) == truth.certain
    assert reported(gateway) >= truth.certain - on_disk(gateway) > set()


def test_a_record_that_vanishes_from_a_full_spool_is_not_taken_for_a_reported_one(gateway: SimulatedGateway) -> None:
    process, before = process_of(gateway), on_disk(gateway)
    with process.spool._file.transaction() as connection:
        connection.execute("DELETE FROM records WHERE seq = (SELECT max(seq) FROM records)")
    (vanished,) = before - on_disk(gateway)
    dropped = drops(process)
    while drops(process) == dropped:
        process.append(1)
    assert vanished not in reported(gateway)


def test_a_report_counts_once_its_record_has_arrived(gateway: SimulatedGateway, tmp_path: Path) -> None:
    truth = gateway.truth
    receiver = StationMachine(gateway.agenda, random.Random(2), gateway.network, tmp_path / "station")
    assert reported(gateway)
    (epoch, first, last), numbers = next((report, numbers) for report, numbers in gateway.dropped.items() if numbers)
    report = {(epoch, first, last): numbers}
    for high, counts in ((first - 1, False), (last - 1, False), (last, True)):
        marks = (Mark("g0", epoch, 1, high),) if high else ()
        receiver.store.write(batch(marks=marks))
        assert receiver.store.marks().get(("g0", epoch), MarkState()).high_water == high
        assert receiver.arrived(truth, report) == (numbers if counts else set())


def test_a_report_that_goes_with_its_folder_leaves_no_trace_of_what_it_named(gateway: SimulatedGateway) -> None:
    assert on_disk(gateway) < gateway.truth.certain
    gateway.kill()
    gateway.tamper(lambda: gateway.disk.write({}))
    assert gateway.truth.untraced == gateway.truth.certain
