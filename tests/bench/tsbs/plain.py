"""The answers made of the values themselves, one after the other, in plain Python: what engines are compared with."""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise
from statistics import fmean

from headland.units_of_time import DAY_MS
from tests.bench.tsbs.fleet import FIELDS, Telemetry, Truck
from tests.bench.tsbs.questions import TEN_MINUTES_MS, Answer, Question

_Spans = dict[int, list[float]]


class Plain:
    """All samples of a fleet in lists."""

    def __init__(self, telemetry: Telemetry) -> None:
        self._trucks = telemetry.trucks
        self._samples: dict[str, list[list[tuple[int, float]]]] = {
            field: [[] for _ in telemetry.trucks] for field in FIELDS
        }
        for time_ms, of_trucks in zip(telemetry.time_ms.tolist(), telemetry.value.tolist(), strict=True):
            for truck, values in enumerate(of_trucks):
                for field, value in zip(FIELDS, values, strict=True):
                    if value == value:  # not NaN
                        self._samples[field][truck].append((time_ms, value))

    def ask(self, question: Question) -> Answer:
        """Answer a question."""
        return {
            "last-loc": self._last_loc,
            "low-fuel": self._low_fuel,
            "high-load": self._high_load,
            "stationary-trucks": self._stationary,
            "long-driving-sessions": self._long_sessions,
            "long-daily-sessions": self._long_sessions,
            "avg-vs-projected-fuel-consumption": self._fuel,
            "avg-daily-driving-duration": self._daily_duration,
            "avg-daily-driving-session": self._daily_session,
            "avg-load": self._average_load,
            "daily-activity": self._daily_activity,
            "breakdown-frequency": self._breakdowns,
        }[question.name](question)

    def _last_loc(self, question: Question) -> Answer:
        places = zip(self._newest("longitude", question), self._newest("latitude", question), strict=True)
        return [(truck.name, truck.driver, lon, lat) for (truck, lon), (_, lat) in places]

    def _low_fuel(self, question: Question) -> Answer:
        newest = self._newest("fuel_state", question)
        return [(truck.name, truck.driver, fuel) for truck, fuel in newest if fuel < question.limits.low_fuel]

    def _high_load(self, question: Question) -> Answer:
        return [
            (truck.name, truck.driver, load)
            for truck, load in self._newest("current_load", question)
            if load / truck.load_capacity > question.limits.high_load
        ]

    def _stationary(self, question: Question) -> Answer:
        told: Answer = []
        for truck, samples in zip(self._trucks, self._samples["velocity"], strict=True):
            values = [value for time_ms, value in samples if question.start_ms <= time_ms < question.end_ms]
            if truck.fleet == question.fleet and values and fmean(values) < question.limits.stationary:
                told.append((truck.name, truck.driver))
        return told

    def _long_sessions(self, question: Question) -> Answer:
        return [
            (truck.name, truck.driver)
            for truck, spans in self._spans("velocity", question)
            if truck.fleet == question.fleet
            and sum(fmean(values) > question.limits.driving for values in spans.values()) > question.ten_minutes
        ]

    def _fuel(self, question: Question) -> Answer:
        fuels: dict[str, list[float]] = defaultdict(list)
        nominal: dict[str, list[float]] = defaultdict(list)
        for number, truck in enumerate(self._trucks):
            velocity = dict(self._samples["velocity"][number])
            for time_ms, fuel in self._samples["fuel_consumption"][number]:
                if velocity.get(time_ms, 0.0) > question.limits.driving:
                    fuels[truck.fleet].append(fuel)
                    nominal[truck.fleet].append(truck.nominal_fuel_consumption)
        return [(fleet, fmean(values), fmean(nominal[fleet])) for fleet, values in fuels.items()]

    def _daily_duration(self, question: Question) -> Answer:
        told: Answer = []
        for truck, spans in self._spans("velocity", question):
            days: dict[int, int] = defaultdict(int)
            for start_ms, values in spans.items():
                if fmean(values) > question.limits.driving:
                    days[start_ms // DAY_MS] += 1
            if days:
                told.append((truck.fleet, truck.name, truck.driver, fmean(count / 6 for count in days.values())))
        return told

    def _daily_session(self, question: Question) -> Answer:
        lengths: dict[tuple[str, float], list[float]] = defaultdict(list)
        for truck, spans in self._spans("velocity", question):
            began_ms, drove = None, None
            for start_ms, values in sorted(spans.items()):
                drives = fmean(values) > question.limits.session
                if began_ms is not None and not drives:
                    lengths[truck.name, float(began_ms // DAY_MS * DAY_MS)].append((start_ms - began_ms) / 1000)
                if drives != drove:
                    began_ms = start_ms if drives and drove is not None else None
                drove = drives
        return [(*group, fmean(values)) for group, values in lengths.items()]

    def _average_load(self, question: Question) -> Answer:
        shares: dict[tuple[str, str, float], list[float]] = defaultdict(list)
        for truck, samples in zip(self._trucks, self._samples["current_load"], strict=True):
            mean = fmean(value for _, value in samples)
            shares[truck.fleet, truck.model, truck.load_capacity].append(mean / truck.load_capacity)
        return [(*group, fmean(values)) for group, values in shares.items()]

    def _daily_activity(self, question: Question) -> Answer:
        counts: dict[tuple[str, str, float], int] = defaultdict(int)
        for truck, spans in self._spans("status", question):
            for start_ms, values in spans.items():
                if fmean(values) < question.limits.in_use:
                    counts[truck.fleet, truck.model, float(start_ms // DAY_MS * DAY_MS)] += len(values)
        return [(*group, count / 144) for group, count in counts.items()]

    def _breakdowns(self, question: Question) -> Answer:
        times: dict[str, int] = defaultdict(int)
        for truck, spans in self._spans("status", question):
            broken = [
                sum(value == 0.0 for value in values) / len(values) >= question.limits.broken_share
                for _, values in sorted(spans.items())
            ]
            times[truck.model] += sum(now and not was for was, now in pairwise(broken))
        return [(model, float(count)) for model, count in times.items() if count]

    def _newest(self, field: str, question: Question) -> list[tuple[Truck, float]]:
        of_trucks = zip(self._trucks, self._samples[field], strict=True)
        return [(truck, samples[-1][1]) for truck, samples in of_trucks if truck.fleet == question.fleet and samples]

    def _spans(self, field: str, question: Question) -> list[tuple[Truck, _Spans]]:
        """Return each truck with the samples in its ten minutes, as far as these are in the window."""
        told = []
        for truck, samples in zip(self._trucks, self._samples[field], strict=True):
            spans: _Spans = defaultdict(list)
            for time_ms, value in samples:
                if question.start_ms <= time_ms < question.end_ms:
                    spans[time_ms // TEN_MINUTES_MS * TEN_MINUTES_MS].append(value)
            told.append((truck, spans))
        return told
