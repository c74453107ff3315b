"""Frame of columns that know their unit, method, quality and coverage, as pandas, polars, xarray and geopandas have it.

None of these four is needed to import this; each is imported where it is asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

from headland.client.api.records import Answer
from headland.client.libraries import load
from headland.client.record import table_to_html

#: So many rows are shown in a notebook.
_MOST_ROWS: Final = 20


@dataclass(frozen=True)
class Column:
    """Values with what is known of all of them, and of each: quality by QARTOD and coverage from 0 to 1."""

    values: Sequence[Any]
    unit: str = ""
    method: str = ""
    quality: Sequence[int] | None = None
    coverage: Sequence[float] | None = None

    def about(self) -> dict[str, Any]:
        """Return what is known of the column; quality is the worst and coverage the least of its values."""
        told: dict[str, Any] = {"units": self.unit, "method": self.method}
        if self.quality is not None:
            told["quality"] = max(self.quality, default=9)
        if self.coverage is not None:
            told["coverage"] = min(self.coverage, default=0.0)
        return {name: value for name, value in told.items() if value != ""}


@dataclass(frozen=True)
class Frame:
    """Columns, by time where `time_ms` is given; `attrs` of what is made of it say what is known of them."""

    columns: Mapping[str, Column]
    simulated: bool | None
    time_ms: Sequence[int] | None = None
    outlines: Sequence[Mapping[str, Any]] | None = None
    more: Mapping[str, Any] = field(default_factory=dict)

    @property
    def attrs(self) -> dict[str, Any]:
        """Return `simulated` (None where the API does not say), and what is known of each column by its name."""
        known = {name: column.about() for name, column in self.columns.items()}
        return {"simulated": self.simulated, **self.more, "columns": known}

    def pandas(self, *, evidence: bool = False) -> Any:
        """Return a pandas DataFrame by time in UTC, whose `to_xarray` keeps the units; needs pandas.

        With `evidence` each column has its quality and coverage beside it, as `vpd_kpa.quality`.
        """
        pd = load("pandas")

        index = None if self.time_ms is None else pd.to_datetime(list(self.time_ms), unit="ms", utc=True).rename("time")
        made = _pandas_frame()(self._values(evidence=evidence), index=index)
        made.attrs.update(self.attrs)
        return made

    def polars(self, *, evidence: bool = False) -> Any:
        """Return a polars DataFrame whose first column is the time in UTC; needs polars.

        Its `attrs` are of this object: what polars derives from it has none.
        """
        pl = load("polars")

        columns: dict[str, Any] = dict(self._values(evidence=evidence))
        if self.time_ms is not None:
            time = pl.from_epoch(pl.Series("time", list(self.time_ms), dtype=pl.Int64), time_unit="ms")
            columns = {"time": time.dt.replace_time_zone("UTC"), **columns}
        made: Any = pl.DataFrame(columns, strict=False)
        made.attrs = self.attrs
        return made

    def xarray(self) -> Any:
        """Return an xarray Dataset by time in UTC; each variable has its unit in `units`; needs pandas and xarray."""
        load("xarray")
        return self.pandas().to_xarray()

    def to_xarray(self) -> Any:
        """Return what `xarray` returns, by the name that pandas has for it."""
        return self.xarray()

    def geopandas(self) -> Any:
        """Return a GeoDataFrame in WGS84 of what has outlines; needs geopandas."""
        if self.outlines is None:
            raise ValueError("This has no outlines on the ground: take .pandas(), or ask for a map.")
        gpd = load("geopandas")

        names = list(self.columns)
        rows = zip(self.outlines, *(self.columns[name].values for name in names), strict=True)
        features = [
            {"type": "Feature", "geometry": outline, "properties": dict(zip(names, values, strict=True))}
            for outline, *values in rows
        ]
        columns = ["geometry", *names]
        if not features:
            return gpd.GeoDataFrame(columns=columns, geometry="geometry", crs=4326)
        made = gpd.GeoDataFrame.from_features(features, crs=4326, columns=columns)
        made.attrs.update(self.attrs)
        return made

    def _values(self, *, evidence: bool) -> dict[str, list[Any]]:
        values: dict[str, list[Any]] = {}
        for name, column in self.columns.items():
            values[name] = list(column.values)
            for beside in ("quality", "coverage") if evidence else ():
                if (told := getattr(column, beside)) is not None:
                    values[f"{name}.{beside}"] = list(told)
        return values

    def _repr_html_(self) -> str:
        """Return the first rows as a table for a notebook, with units, and whether the data are simulated."""
        names = list(self.columns)
        head = [f"{name} [{column.unit}]" if column.unit else name for name, column in self.columns.items()]
        shown = range(min(len(self), _MOST_ROWS))
        rows = [tuple(_text(self.columns[name].values[at]) for name in names) for at in shown]
        title = f"{len(self)} rows" + (", simulated" if self.simulated else "")
        return table_to_html(title, head, rows)

    def __len__(self) -> int:
        """Return the number of rows."""
        return max((len(column.values) for column in self.columns.values()), default=0)


def frame_of_answers(
    rows: Iterable[tuple[int, Mapping[str, Answer]]], *, simulated: bool, more: Mapping[str, Any] | None = None
) -> Frame:
    """Return the answers of periods by their start [ms]; null where an answer has no value, for a stated reason."""
    listed = list(rows)
    columns = {}
    for name in dict.fromkeys(name for _, answers in listed for name in answers):
        given = [answers.get(name) for _, answers in listed]
        first = next(answer for answer in given if answer is not None)
        columns[name] = Column(
            values=[None if answer is None else answer.value for answer in given],
            unit=first.unit,
            method=f"{first.method.id} {first.method.version}",
            quality=[9 if answer is None else answer.quality for answer in given],
            coverage=[0.0 if answer is None else answer.coverage for answer in given],
        )
    return Frame(columns, simulated, [start_ms for start_ms, _ in listed], None, dict(more or {}))


def _text(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:.6g}" if isinstance(value, float) else str(value)


@cache
def _pandas_frame() -> Any:
    """Return pandas' DataFrame with a `to_xarray` that keeps what `attrs` say of each column."""
    pd = load("pandas")

    class UnitFrame(pd.DataFrame):  # type: ignore[misc,name-defined]  # pandas is loaded late, and untyped
        """DataFrame whose columns have units in `attrs`."""

        @property
        def _constructor(self) -> Any:
            return UnitFrame

        def to_xarray(self) -> Any:
            """Return a Dataset whose variables have their units; its time is in UTC, which numpy does not say."""
            plain = pd.DataFrame(self)
            if isinstance(plain.index, pd.DatetimeIndex) and plain.index.tz is not None:
                plain.index = plain.index.tz_convert("UTC").tz_localize(None)
            made = plain.to_xarray()
            known = self.attrs.get("columns", {})
            for name in made.data_vars:
                made[name].attrs.update({**known.get(name, {}), "simulated": self.attrs.get("simulated")})
            made.attrs.update({name: value for name, value in self.attrs.items() if name != "columns"})
            return made

    return UnitFrame
