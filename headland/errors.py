"""Exceptions of Headland: one base, and leaves that state what the caller should do."""


class HeadlandError(Exception):
    """Base of all exceptions that Headland raises on purpose; the text is one sentence for a person."""


class SettingsError(HeadlandError):
    """The settings are wrong: stop, print the sentence and let the person correct the file."""


class RetryLater(HeadlandError):  # noqa: N818 - it names what to do, not what failed
    """Something outside is not available now: wait and try the same call again."""


class QuarantineUnavailable(RetryLater):
    """The quarantine's file cannot be used now: what needs it waits, everything else goes on."""


class PeerRefused(HeadlandError):  # noqa: N818
    """The other side understood the call and refused it: the same call will be refused again."""


class DataDamaged(HeadlandError):  # noqa: N818
    """A file of ours is not readable: it was moved aside, never deleted."""


class ImportRefused(Exception):  # noqa: N818 - it names what was decided
    """An import cannot be begun or go on; `kind` is the problem's, `status` that of HTTP."""

    def __init__(self, kind: str, status: int, title: str, detail: str) -> None:
        super().__init__(detail)
        self.kind, self.status, self.title, self.detail = kind, status, title, detail

    def to_arguments(self) -> list[str | int]:
        """Return what makes the same refusal in another process."""
        return [self.kind, self.status, self.title, self.detail]
