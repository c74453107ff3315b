"""Newest samples by device and channel."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

from headland.store.port import Latest


def newest_by_device(latest: Iterable[Latest]) -> dict[str, dict[str, Latest]]:
    """Return the newest sample by device and channel; its key says whether it is simulated.

    A device that moved between sites, or of which a simulator sends, too, has several series; the newer sample counts,
    of two at one instant the real one.
    """
    newest: dict[str, dict[str, Latest]] = {}
    by_device = sorted(latest, key=lambda sample: (sample.key.device, sample.key.simulated))
    for device, group in groupby(by_device, key=lambda sample: sample.key.device):
        channels = newest.setdefault(device, {})
        for sample in group:
            known = channels.get(sample.key.channel)
            if known is None or known.time_ms < sample.time_ms:
                channels[sample.key.channel] = sample
    return newest
