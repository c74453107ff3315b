"""Farm as its people speak of it: greenhouses, fields, trials, sites and devices."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType

from headland.client.api.async_reads import AsyncReads
from headland.client.client import Client
from headland.client.connection import AsyncConnection, find_key
from headland.client.ground import Field, Trial
from headland.client.houses import Device, Greenhouse, Site
from headland.client.things import choose


class Farm(Client):
    """A farm at a URL; everything that `Client` has, and its things by name.

    farm.greenhouse("greenhouse-1").climate(last="7d", by="hour").pandas()
    farm.field("North").passes()[-1].as_applied().geopandas()
    """

    def greenhouse(self, name: str) -> Greenhouse:
        """Return a greenhouse by its name, or by the id of its device."""
        return Greenhouse(self, name)

    def device(self, name: str) -> Device:
        """Return a device by its id."""
        return Device(self, name)

    def site(self, name: str) -> Site:
        """Return a site by its name or id."""
        return Site(self, name)

    def fields(self) -> list[Field]:
        """Return the fields in the order in which they were made."""
        return [Field(self, record) for record in self.api.list_fields()]

    def field(self, name: str) -> Field:
        """Return a field by its name or id; raises UnknownName."""
        fields = {each.record.id: each for each in self.fields()}
        return fields[choose("field", name, ((key, each.record.name) for key, each in fields.items()))]

    def trial(self, name: str) -> Trial:
        """Return a trial by its name or id; raises UnknownName."""
        return Trial(self, choose("trial", name, ((each.id, each.name) for each in self.api.list_trials())))


class AsyncFarm:
    """A farm at a URL whose answers are awaited; URL and key are those of `Client`.

    async with AsyncFarm() as farm:
        Answers(await farm.api.get_climate("greenhouse-1", by="hour")).pandas()
    """

    def __init__(
        self,
        url: str = "http://127.0.0.1:8000",
        key: str | None = None,
        *,
        folder: Path | None = None,
        timeout_s: float = 30.0,
        tries: int = 5,
    ) -> None:
        self._connection = AsyncConnection(url, find_key(key, folder), timeout_s, tries)
        self.api = AsyncReads(self._connection)

    async def __aenter__(self) -> AsyncFarm:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connection."""
        await self._connection.close()
