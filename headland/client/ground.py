"""Fields with their passes and yield, and trials."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cached_property
from typing import Any

import msgspec

from headland.client.api.records import (
    AppliedBody,
    FieldResource,
    ListedPass,
    PassVerdict,
    SeasonResource,
    TrialAnswer,
    YieldAgainstAppliedBody,
    YieldBody,
)
from headland.client.client import Client
from headland.client.errors import UnknownName
from headland.client.frame import Column, Frame
from headland.client.reading import Instant
from headland.client.things import Thing, now_ms, window_of
from headland.client.windows import Span


class Map(Frame):
    """Cells on the ground; `unit` is that of the rates."""

    def __init__(self, content: bytes, units: dict[str, str], *, simulated: bool, more: dict[str, Any]) -> None:
        features = msgspec.json.decode(content, type=_Features).features
        names = dict.fromkeys(name for feature in features for name in feature.properties)
        columns = {
            name: Column([feature.properties.get(name) for feature in features], units.get(name, "")) for name in names
        }
        super().__init__(columns, simulated, None, [feature.geometry for feature in features], more)


class _Feature(msgspec.Struct):
    geometry: dict[str, Any]
    properties: dict[str, Any]


class _Features(msgspec.Struct):
    features: list[_Feature]


class AsApplied(Thing):
    """What a pass applied: figures, and the map of its cells."""

    def __init__(self, farm: Client, name: str, swath_m: float | None) -> None:
        super().__init__(farm, name)
        self._swath_m = swath_m

    @cached_property
    def record(self) -> AppliedBody:
        """Return the figures with their evidence."""
        return self._farm.api.get_applied(self.name, swath_m=self._swath_m)

    def map(self) -> Map:
        """Return the cells with their rate."""
        content = self._farm.api.get_applied_file(self.name, format="geojson", swath_m=self._swath_m)
        rate = self.record.rate
        more = {"method": f"{rate.method.id} {rate.method.version}", "quality": rate.quality, "coverage": rate.coverage}
        return Map(content, {"rate_ha": rate.unit}, simulated=self.record.simulated, more=more)

    def geopandas(self) -> Any:
        """Return the cells as a GeoDataFrame in WGS84; needs geopandas."""
        return self.map().geopandas()

    def _repr_html_(self) -> str:
        return self.record._repr_html_()


class Pass(Thing):
    """A pass of a machine over a field; `record` is what the list of passes says of it."""

    def __init__(self, farm: Client, record: ListedPass) -> None:
        super().__init__(farm, record.id)
        self.record = record

    def as_applied(self, *, swath_m: float | None = None) -> AsApplied:
        """Return what it applied, at a working width where its implement does not say it."""
        return AsApplied(self._farm, self.name, swath_m)

    def verdict(self, *, swath_m: float | None = None) -> PassVerdict:
        """Return in a sentence what it did, with figures."""
        return self._farm.api.get_verdict(self.name, swath_m=swath_m)

    def _repr_html_(self) -> str:
        return self.record._repr_html_()


class YieldAgainstApplied(Frame):
    """Yield of each cell beside what was applied to it; `record` has the correlation and the slope."""

    record: YieldAgainstAppliedBody

    def __init__(self, record: YieldAgainstAppliedBody) -> None:
        columns = {
            "applied_ha": Column([cell.applied_ha for cell in record.items], f"{record.unit}/ha"),
            "yield_t_ha": Column([cell.yield_t_ha for cell in record.items], "t/ha"),
        }
        more = {"methods": [f"{method.id} {method.version}" for method in record.methods]}
        super().__init__(columns, record.simulated, None, None, more)
        object.__setattr__(self, "record", record)


class Field(Thing):
    """A field; `record` is its record in the registry."""

    def __init__(self, farm: Client, record: FieldResource) -> None:
        super().__init__(farm, record.id)
        self.record = record

    def seasons(self) -> list[SeasonResource]:
        """Return the seasons by sowing, the newest last."""
        listed = list(self._farm.api.list_seasons(field=self.name))
        return sorted(listed, key=lambda season: season.sowing_date or season.harvest_date or "")

    def passes(
        self, *, last: Span | None = None, start: Instant | None = None, end: Instant | None = None
    ) -> list[Pass]:
        """Return the passes by their start, the newest last; of the last seven days where nothing is said.

        `last="season"` begins at the sowing of the newest season.
        """
        if last == "season":
            start, end = self._season(start, end)
        else:
            start, end = window_of(self._farm, last, start, end)
        listed = self._farm.api.list_passes(self.name, start=start, end=end)
        return [Pass(self._farm, record) for record in sorted(listed, key=lambda each: each.start_ms)]

    def harvest(self, season: str | None = None) -> YieldBody:
        """Return the yield of a season, the newest harvest by default."""
        return self._farm.api.get_yield(self.name, season=season)

    def yield_map(self, season: str | None = None) -> Map:
        """Return the cells with their yield."""
        content = self._farm.api.get_yield_file(self.name, format="geojson", season=season)
        record = self.harvest(season)
        methods = [f"{method.id} {method.version}" for method in record.methods]
        return Map(content, {"yield_t_ha": "t/ha"}, simulated=record.simulated, more={"methods": methods})

    def yield_against(
        self, applied: Pass, *, season: str | None = None, swath_m: float | None = None
    ) -> YieldAgainstApplied:
        """Return the yield of each cell beside what a pass applied to it."""
        asked = self._farm.api.get_yield_against_applied(
            self.name, pass_id=applied.name, season=season, swath_m=swath_m
        )
        return YieldAgainstApplied(asked)

    def _season(self, start: Instant | None, end: Instant | None) -> tuple[Instant, Instant]:
        if start is not None:
            raise ValueError("last and start both say where the window begins: give one of them.")
        sown = [season.sowing_date for season in self.seasons() if season.sowing_date]
        if not sown:
            name = self.record.name
            raise UnknownName(f"No season of the field {name!r} has a sowing date: enter it, or give start.")
        begin = datetime.fromisoformat(sown[-1]).replace(tzinfo=UTC)
        return round(begin.timestamp() * 1000), now_ms(self._farm) if end is None else end

    def _repr_html_(self) -> str:
        return self.record._repr_html_()


class TrialMeans(Frame):
    """Means of the treatments with their intervals; `record` has differences, LSD and the response."""

    record: TrialAnswer

    def __init__(self, record: TrialAnswer) -> None:
        means = record.means
        method = "" if record.method is None else f"{record.method.id} {record.method.version}"
        columns = {
            "treatment": Column([mean.treatment for mean in means]),
            "plots": Column([mean.plots for mean in means]),
            **{
                name: Column([getattr(mean, name) for mean in means], record.unit, method)
                for name in ("value", "low", "high", "standard_error")
            },
            "letters": Column([mean.letters for mean in means]),
        }
        more = {"variable": record.variable, "level": record.level, "reason": record.reason}
        super().__init__(columns, None, None, None, more)
        object.__setattr__(self, "record", record)


class Trial(Thing):
    """A field trial."""

    def means(self, variable: str) -> TrialMeans:
        """Return the means of a variable by treatment; `variable` is its id, or its name where one alone has it."""
        return TrialMeans(self._farm.api.get_result(self.name, variable=_variable(self._farm, variable)))


def _variable(farm: Client, wanted: str) -> str:
    from headland.client.things import choose

    return choose("trial variable", wanted, ((each.id, each.name) for each in farm.api.list_trial_variables()))
