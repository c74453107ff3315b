"""Needs of a region: what 1,000,000 gateways in 5,000 cooperatives ask of stations, machines and disks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ingest.commit.batch_wait import PATIENT_S
from tests.bench.scale.chain_model import BATCH_MESSAGES, ChainModel, ServiceTimes

GATEWAYS: Final = 1_000_000
COOPERATIVES: Final = 5_000
_DAY_S: Final = 86_400
_YEAR_S: Final = 365 * _DAY_S
#: Share of a resource that is planned for, so that queues stay short.
_USABLE: Final = 0.5
#: Share of the stations of a machine whose live values somebody looks at in the busiest hour: an assumption.
_FOLLOWED: Final = 0.1
#: Messages of the sample that tells how fast a station takes a backlog, and how many a gateway has under way.
_SAMPLE: Final = 10_000
_UNDER_WAY: Final = 50
#: Renewals of a certificate a year, each two public-key operations and three registry statements: some milliseconds.
_RENEWALS: Final = 6
_RENEWAL_S: Final = 0.02


@dataclass(frozen=True, slots=True)
class Workload:
    """What one gateway sends on average, and how many messages a second in its busiest hour."""

    points_per_s: float
    messages_per_s: float
    busiest_messages_per_s: float

    @property
    def points_a_message(self) -> int:
        """Mean points of a message."""
        return max(1, round(self.points_per_s / self.messages_per_s))


#: Days of a year on which drones fly, the share of the day, and the share of gateways that hear one at once.
_FLYING, _AT_ONCE = 60 / 365 * 0.1, 0.2
#: A gateway of three greenhouses with twelve channels each a minute, a batch every ten seconds; and one that also hears
#: a drone: 250 points a second in two batches.
WORKLOADS: Final = {
    "greenhouses": Workload(0.6, 0.1, 0.1),
    "with_a_drone": Workload(0.6 + 250 * _FLYING, 0.1 + 2 * _FLYING, 0.1 + 2 * _AT_ONCE),
}


@dataclass(frozen=True, slots=True)
class StationCost:
    """What a station costs beside its load, and what a stored point takes: measured, docs/explanation/scale.md.

    `idle_cores` is that of a small farm with one drone in the air.
    """

    memory_mb: float = 198.0
    idle_cores: float = 0.012
    broker_mb: float = 10.0
    connection_kb: float = 40.0
    bytes_a_point: float = 7.2


@dataclass(frozen=True, slots=True)
class Machine:
    """A hosted machine, and what its parts cost a year [CNY]: assumptions to be replaced by one's own prices."""

    cores: int = 8
    memory_mb: float = 32_000.0
    core_cny: float = 350.0
    memory_gb_cny: float = 150.0
    disk_gb_cny: float = 3.5


def busy_cores_of(times: ServiceTimes, workload: Workload, gathered_for_s: float) -> float:
    """Return the busy cores of a station in its busiest hour, whose transactions gather messages for so long."""
    messages_per_s = GATEWAYS / COOPERATIVES * workload.busiest_messages_per_s
    messages = min(BATCH_MESSAGES, max(1, round(messages_per_s * gathered_for_s)))
    return messages_per_s / messages * times.gathered_s(messages, messages * workload.points_a_message)


def plan_region(times: ServiceTimes, workload: Workload, cost: StationCost | None = None) -> dict[str, float]:
    """Return the needs of the region with one station a cooperative, hosted side by side, no part shared."""
    cost, machine = cost or StationCost(), Machine()
    gateways = GATEWAYS / COOPERATIVES
    followed, not_followed = (busy_cores_of(times, workload, gathered_for_s) for gathered_for_s in (0.0, PATIENT_S))
    busy_cores = _FOLLOWED * followed + (1 - _FOLLOWED) * not_followed
    memory_mb = cost.memory_mb + cost.broker_mb + gateways * cost.connection_kb / 1024
    by_cores = _USABLE * machine.cores / (cost.idle_cores + busy_cores)
    by_memory = 0.8 * machine.memory_mb / memory_mb
    stations = min(by_cores, by_memory)
    backlog = ChainModel(times, 2, round(gateways) * _UNDER_WAY).run_closed(_SAMPLE, workload.points_a_message)
    disk_gb_a_year = gateways * workload.points_per_s * _YEAR_S * cost.bytes_a_point / 1e9
    machine_cny = machine.cores * machine.core_cny + machine.memory_mb / 1000 * machine.memory_gb_cny
    station_cny = machine_cny / stations + disk_gb_a_year * machine.disk_gb_cny
    return {
        "messages_per_s_of_all": GATEWAYS * workload.messages_per_s,
        "points_per_s_of_all": GATEWAYS * workload.points_per_s,
        "busy_cores_a_station_followed": followed,
        "busy_cores_a_station_not_followed": not_followed,
        "busy_cores_a_station": busy_cores,
        "stations_a_machine_by_cores": by_cores,
        "stations_a_machine_by_memory": by_memory,
        "machines": COOPERATIVES / stations,
        "backlog_points_per_s": backlog.points_per_s,
        "minutes_to_take_a_day_alone": gateways * workload.points_per_s * _DAY_S / backlog.points_per_s / 60,
        "minutes_to_take_a_day_all_at_once": (
            gateways * workload.points_per_s * _DAY_S / backlog.points_per_s / 60 * stations * 2 / machine.cores
        ),
        "disk_gb_a_station_and_year": disk_gb_a_year,
        "identity_cores": GATEWAYS * _RENEWALS * _RENEWAL_S / _YEAR_S,
        "cny_a_gateway_and_year": station_cny / gateways,
    }
