"""The exceptions of Headland: one base, and leaves that say what the caller should do."""


class HeadlandError(Exception):
    """Anything Headland raises on purpose; its text is one sentence for a person."""


class SettingsError(HeadlandError):
    """The settings are wrong: stop, show the sentence, let the person mend the file."""


class RetryLater(HeadlandError):  # noqa: N818 - it names what to do, not what broke
    """Something outside is not there yet: wait and try the same call again."""


class PeerRefused(HeadlandError):  # noqa: N818
    """The other side understood and said no: the same call will be refused again."""


class DataDamaged(HeadlandError):  # noqa: N818
    """A file of ours is not readable: it has been moved aside, never wiped."""
