"""Records of the API's responses. Times are epoch milliseconds UTC; unknown fields of a newer API are ignored."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from headland.client.libraries import load

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Device(msgspec.Struct, frozen=True, kw_only=True):
    """A device; `last_seen_ms` is the time of its newest sample by its own clock."""

    id: str
    kind: str
    name: str
    site: str
    gateway: str
    model: str
    simulated: bool
    clock: str | None
    last_seen_ms: int | None


class Value(msgspec.Struct, frozen=True, kw_only=True):
    """The newest value of a channel. `quality` is QARTOD's: 1 good, 2 not evaluated, 3 suspect, 4 fail."""

    value: float
    time_ms: int
    unit: str
    quality: int
    simulated: bool = False


class Latest(msgspec.Struct, frozen=True, kw_only=True):
    """The newest values of a device, by channel."""

    device: str
    simulated: bool
    channels: dict[str, Value]


class Aggregation(msgspec.Struct, frozen=True, kw_only=True):
    """Aggregation of samples; `step_ms` is the length of a bucket, None for samples."""

    method: str
    step_ms: int | None
    time: str


class LeftOut(msgspec.Struct, frozen=True, kw_only=True):
    """Samples of the other origin, a simulator's or real ones, that an answer leaves out."""

    simulated: bool
    samples: int


class Series(msgspec.Struct, frozen=True, kw_only=True):
    """Channels over one time axis; None where a channel has no value. Without aggregation these are the samples."""

    device: str
    simulated: bool
    start_ms: int
    end_ms: int
    aggregation: Aggregation | None
    time_ms: list[int]
    channels: dict[str, list[float | None]]
    units: dict[str, str]
    left_out: LeftOut | None = None

    def numpy(self) -> tuple[NDArray[np.int64], dict[str, NDArray[np.float64]]]:
        """Return times and channels as numpy arrays, NaN for a missing value; needs numpy."""
        import numpy as np

        columns = {channel: np.array(values, np.float64) for channel, values in self.channels.items()}
        return np.array(self.time_ms, np.int64), columns

    def pandas(self) -> Any:
        """Return a pandas DataFrame by time in UTC; needs pandas."""
        pd = load("pandas")

        times_ms, columns = self.numpy()
        return pd.DataFrame(columns, index=pd.to_datetime(times_ms, unit="ms", utc=True))

    def polars(self) -> Any:
        """Return a polars DataFrame whose first column is the time in UTC; needs polars."""
        pl = load("polars")

        time = pl.from_epoch(pl.Series("time", self.time_ms), time_unit="ms").dt.replace_time_zone("UTC")
        return pl.DataFrame({"time": time, **self.channels})


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """A change of state or a text at one instant."""

    time_ms: int
    kind: str
    clock: str
    simulated: bool
    data: dict[str, str | int | float | bool | None]


class Method(msgspec.Struct, frozen=True, kw_only=True):
    """Method of a computed value."""

    id: str
    version: int
    source: str


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """A computed value with its evidence; `value` is None where it would be a guess, for the stated `reason`."""

    value: float | None
    unit: str
    n: int
    coverage: float
    quality: int
    method: Method
    inputs: list[str]
    simulated: bool
    evidence: str | None = None
    reason: str | None = None
    low: float | None = None
    high: float | None = None


class Gateway(msgspec.Struct, frozen=True, kw_only=True):
    """A gateway by its last status; `online` is None before the first one."""

    id: str
    online: bool | None
    last_status_ms: int | None
    software: str


class Alarm(msgspec.Struct, frozen=True, kw_only=True):
    """An alarm; active while `ended_ms` is None."""

    id: str
    rule: str
    subject: str
    severity: str
    raised_ms: int
    ended_ms: int | None
    value: float | None
    unit: str
    simulated: bool
    text: str
    text_zh: str
    acknowledged_ms: int | None
    note: str


class News(msgspec.Struct, frozen=True, kw_only=True):
    """Committed values in the form of newest values; `skipped` older ones were left out for a slow client."""

    items: list[Latest]
    sent_ms: int
    skipped: int = 0


class Gap(msgspec.Struct, frozen=True, kw_only=True):
    """Values may have been left out; all newest values follow."""

    reason: str
