"""Port from the API to the administration of a store that this process holds open."""

from __future__ import annotations

from typing import Protocol

from headland.files.damage_notes import FileDamage
from headland.store.core.store_work import RetentionDays, RetentionPreview, StoreJob, StoreWork


class StoreAdmin(Protocol):
    """Runs maintenance tasks on a store. Every call may come from any thread."""

    def admits(self, token: str) -> bool:
        """Tell whether a token permits maintenance."""
        ...

    def damage(self) -> list[FileDamage]:
        """Return the damage of the store's files, oldest first."""
        ...

    def acknowledge(self, by: str) -> list[FileDamage]:
        """Acknowledge all damage; return what was not acknowledged before."""
        ...

    def preview(self, days: RetentionDays | None) -> RetentionPreview:
        """Return what a retention would delete, or the one in force deletes; raises SettingsError."""
        ...

    def keep(self, days: RetentionDays) -> RetentionPreview:
        """Set the retention, and accept what a shorter one refused; return what it deletes. Raises SettingsError."""
        ...

    def start(self, work: StoreWork) -> StoreJob:
        """Start a task; raises RetryLater while another one runs."""
        ...

    def job(self, number: int) -> StoreJob | None:
        """Return the progress of a task; None for an unknown one."""
        ...
