"""Life of a gateway's certificate: how long it is valid, and when it may be renewed."""

from __future__ import annotations

from typing import Final

from headland.errors import HeadlandError
from headland.units_of_time import DAY_MS

#: A certificate is valid for so many days from its signing.
LIFE_DAYS: Final = 90
LIFE_MS: Final = LIFE_DAYS * DAY_MS
#: It may be renewed in the second half of its life: a gateway may be without a network for long, and a thief of its
#: card gets no row of certificates.
RENEW_BEFORE_MS: Final = LIFE_MS // 2


class RenewalTooEarly(HeadlandError):  # noqa: N818 - named as PeerRefused
    """The certificate is in the first half of its life: the same request is answered later."""


def renewable_from_ms(ends_ms: int) -> int:
    """Return from when on a certificate that ends at `ends_ms` may be renewed."""
    return ends_ms - RENEW_BEFORE_MS
