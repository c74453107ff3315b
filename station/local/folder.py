"""The folder of a farm that runs on one machine: what lies where, who may run on it, and its secrets."""

from __future__ import annotations

import fcntl
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec

from headland.errors import RetryLater, SettingsError
from station.server.files import write_whole

#: The users of the generated broker configuration.
INGEST_USER = "ingest"
GATEWAY = "gateway-1"
IMPORT_GATEWAY = "import"
#: The simulated MQTT devices of a farm.
DEVICES_USER = "sim-devices"
#: With this login Home Assistant reads what the station tells it.
HOME_USER = "home-assistant"


class FarmState(msgspec.Struct, frozen=True, kw_only=True):
    """What another process needs to join a running farm; kept in `farm.json`."""

    api_url: str
    broker_host: str
    broker_port: int
    broker: str
    pids: dict[str, int] = {}


class SimRun(msgspec.Struct, frozen=True, kw_only=True):
    """When a simulated clock was started and how fast, so that the next run never repeats its times."""

    start_ms: int
    real_start_ms: int
    speed: float


@dataclass(frozen=True, slots=True)
class FarmFolder:
    """The paths below one farm's folder."""

    root: Path

    @property
    def store_path(self) -> Path:
        """The time-series file."""
        return self.root / "store" / "farm.duckdb"

    @property
    def quarantine_path(self) -> Path:
        """Where ingest keeps what it refused."""
        return self.root / "store" / "quarantine.sqlite"

    @property
    def registry_path(self) -> Path:
        """Who owns what."""
        return self.root / "store" / "registry.sqlite"

    @property
    def edge_dir(self) -> Path:
        """The gateway's settings, spool and status."""
        return self.root / "edge"

    @property
    def import_dir(self) -> Path:
        """The importing gateway's spool."""
        return self.root / "import"

    @property
    def broker_dir(self) -> Path:
        """The broker's configuration and persistence."""
        return self.root / "broker"

    @property
    def truth_dir(self) -> Path:
        """What the simulators know to be true."""
        return self.root / "truth"

    @property
    def logs_dir(self) -> Path:
        """One log a part."""
        return self.root / "logs"

    @property
    def state_path(self) -> Path:
        """Where the running farm says how to reach it."""
        return self.root / "farm.json"

    @property
    def api_key_path(self) -> Path:
        """The key of whoever runs this farm; the station makes it."""
        return self.root / "api-key"

    def api_key(self) -> str | None:
        """Return that key, None before the first station ran here."""
        try:
            return self.api_key_path.read_text().strip() or None
        except OSError:
            return None

    @property
    def gateways_path(self) -> Path:
        """The gateways that were added, with their passwords."""
        return self.root / "gateways.json"

    @property
    def broker_address_path(self) -> Path:
        """Where the broker listens."""
        return self.root / "broker.json"

    def create(self) -> None:
        """Make the folders; raises SettingsError where that is not allowed."""
        try:
            for folder in (
                self.store_path.parent,
                self.edge_dir,
                self.import_dir,
                self.broker_dir,
                self.logs_dir,
                self.root / "secrets",
            ):
                folder.mkdir(parents=True, exist_ok=True)
            (self.root / "secrets").chmod(0o700)
        except OSError as error:
            raise SettingsError(
                f"The farm's folder {self.root} cannot be made: {error.strerror}. Choose another with --data DIR."
            ) from error

    def secret(self, name: str) -> str:
        """Return the password of a broker user; made at the first call, readable by this user only."""
        path = self.root / "secrets" / name
        if not path.exists():
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
                file.write(secrets.token_urlsafe(24))
        return path.read_text().strip()

    def secret_path(self, name: str) -> Path:
        """Return the file that holds a broker user's password."""
        self.secret(name)
        return self.root / "secrets" / name

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Keep the folder to this process for the length of the block; raises SettingsError when another has it."""
        with (self.root / "farm.lock").open("w") as file:
            if not _try_lock(file.fileno()):
                raise SettingsError(
                    f"A farm already runs on {self.root}. Stop it first, or choose another folder with --data DIR."
                )
            yield

    def running(self) -> bool:
        """Tell whether a farm runs on this folder now."""
        try:
            with (self.root / "farm.lock").open("r") as file:
                return not _try_lock(file.fileno())
        except FileNotFoundError:
            return False

    def read_state(self) -> FarmState:
        """Return how to reach the farm that runs here; raises RetryLater when none does."""
        try:
            if self.running():
                return msgspec.json.decode(self.state_path.read_bytes(), type=FarmState)
        except (OSError, msgspec.MsgspecError):
            pass  # between taking the lock and saying where it is, a farm is not reachable either
        raise RetryLater(f"No farm runs on {self.root}. Start it with: headland up --data {self.root}")

    def write_state(self, state: FarmState) -> None:
        """Say how to reach this farm."""
        write_whole(self.state_path, msgspec.json.encode(state))

    def last_broker_pid(self) -> int | None:
        """Return the broker that the last run started, which outlives a killed supervisor."""
        try:
            return msgspec.json.decode(self.state_path.read_bytes(), type=FarmState).pids.get("broker")
        except (OSError, msgspec.MsgspecError):
            return None

    def next_sim_run(self, speed: float, now_ms: int, span_ms: int) -> SimRun:
        """Return where simulated time starts: `span_ms` ago when fast, but never before what was already simulated."""
        path = self.root / "simulated-until.json"
        start_ms = now_ms - span_ms
        try:
            last = msgspec.json.decode(path.read_bytes(), type=SimRun)
            reached_ms = last.start_ms + round(last.speed * (now_ms - last.real_start_ms))
            start_ms = max(start_ms, min(reached_ms, now_ms))
        except (OSError, msgspec.MsgspecError):
            pass  # the first run on this folder
        run = SimRun(start_ms=start_ms, real_start_ms=now_ms, speed=speed)
        write_whole(path, msgspec.json.encode(run))
        return run


def default_folder(environ: Mapping[str, str]) -> Path:
    """Return the farm's folder where none is named: HEADLAND_DATA, or `headland` in the user's data folder."""
    if environ.get("HEADLAND_DATA"):
        return Path(environ["HEADLAND_DATA"]).expanduser().absolute()
    base = environ.get("XDG_DATA_HOME")
    return (Path(base) if base else Path("~/.local/share").expanduser()) / "headland"


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
