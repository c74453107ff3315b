"""Newest samples by device and channel."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

from headland.store.port import Latest


def newest_by_device(latest: Iterable[Latest]) -> dict[str, dict[str, Latest]]:
    """Return the newest sample by device and channel; of a simulated device only simulated samples.

    A device that moved between sites has a series at each; the newer sample counts.
    """
    newest: dict[str, dict[str, Latest]] = {}
    by_device = sorted(latest, key=lambda sample: sample.key.device)
    for device, group in groupby(by_device, key=lambda sample: sample.key.device):
        samples = list(group)
        is_simulated = any(sample.key.simulated for sample in samples)
        channels = newest.setdefault(device, {})
        for sample in samples:
            known = channels.get(sample.key.channel)
            if sample.key.simulated == is_simulated and (known is None or known.time_ms < sample.time_ms):
                channels[sample.key.channel] = sample
    return newest
