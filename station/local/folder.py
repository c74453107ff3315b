"""Folder of a farm that runs on one machine: its paths, its lock, its state and its secrets."""

from __future__ import annotations

import fcntl
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import msgspec

from headland.contract.ack_keys import derive_ack_key
from headland.errors import RetryLater, SettingsError
from station.server.files import write_whole

#: Users of the generated broker configuration.
INGEST_USER = "ingest"
GATEWAY = "gateway-1"
IMPORT_GATEWAY = "import"
#: Login of the simulated MQTT devices.
DEVICES_USER = "sim-devices"
#: Login of Home Assistant.
HOME_USER = "home-assistant"
#: Name of the secret by which ingest signs commit acks.
ACKS = "acks"


class FarmState(msgspec.Struct, frozen=True, kw_only=True):
    """Addresses and process ids of a running farm, stored in `farm.json` for other processes."""

    api_url: str
    broker_host: str
    broker_port: int
    broker: str
    pids: dict[str, int] = {}


class SimRun(msgspec.Struct, frozen=True, kw_only=True):
    """Start and speed of a simulated clock, stored so that the next run does not repeat its times."""

    start_ms: int
    real_start_ms: int
    speed: float

    def now_ms(self, real_ms: int) -> int:
        """Return the simulated time at an instant: never ahead of it, and the instant once it has caught up."""
        return min(real_ms, self.start_ms + round(self.speed * max(0, real_ms - self.real_start_ms)))


@dataclass(frozen=True, slots=True)
class FarmFolder:
    """Paths, state and secrets below one farm's folder."""

    root: Path

    @property
    def store_path(self) -> Path:
        """Time-series store (DuckDB)."""
        return self.root / "store" / "farm.duckdb"

    @property
    def quarantine_path(self) -> Path:
        """Quarantine of messages that ingest refused."""
        return self.root / "store" / "quarantine.sqlite"

    @property
    def clock_path(self) -> Path:
        """Record of the station's clock."""
        return self.root / "store" / "clock.json"

    @property
    def registry_path(self) -> Path:
        """Registry (SQLite)."""
        return self.root / "store" / "registry.sqlite"

    @property
    def base_map_path(self) -> Path:
        """Base map that a person put here: PMTiles or GeoJSON."""
        return self.root / "base-map"

    @property
    def photos_path(self) -> Path:
        """Photos of notes: files beside the registry."""
        return self.root / "store" / "photos"

    @property
    def edge_dir(self) -> Path:
        """Settings, spool and status of the gateway."""
        return self.root / "edge"

    @property
    def import_dir(self) -> Path:
        """Spool of the importing gateway."""
        return self.root / "import"

    @property
    def broker_dir(self) -> Path:
        """Configuration and persistence of the broker."""
        return self.root / "broker"

    @property
    def truth_dir(self) -> Path:
        """True values of the simulators."""
        return self.root / "truth"

    @property
    def logs_dir(self) -> Path:
        """Logs, one for each part."""
        return self.root / "logs"

    @property
    def state_path(self) -> Path:
        """State of the running farm."""
        return self.root / "farm.json"

    @property
    def api_key_path(self) -> Path:
        """Bootstrap key of this farm; the station creates it."""
        return self.root / "api-key"

    def api_key(self) -> str | None:
        """Return the bootstrap key, None before the first start of a station."""
        try:
            return self.api_key_path.read_text().strip() or None
        except OSError:
            return None

    @property
    def gateways_path(self) -> Path:
        """Added gateways with their passwords."""
        return self.root / "gateways.json"

    @property
    def enrolment_dir(self) -> Path:
        """Certificate authority and enrolments of gateways."""
        return self.root / "enrolment"

    @property
    def broker_address_path(self) -> Path:
        """Address of the broker."""
        return self.root / "broker.json"

    def create(self) -> None:
        """Create the folders; raises SettingsError where that is not permitted."""
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
                _make_private(folder)
        except OSError as error:
            raise SettingsError(
                f"The farm's folder {self.root} cannot be created: {error.strerror}. Choose another with --data DIR."
            ) from error

    def secret(self, name: str) -> str:
        """Return the secret of a name, created at the first call and readable by this user only."""
        path = self.root / "secrets" / name
        if not path.exists():
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
                file.write(secrets.token_urlsafe(24))
        return path.read_text().strip()

    def secret_path(self, name: str) -> Path:
        """Return the file of a secret, created where it is missing."""
        self.secret(name)
        return self.root / "secrets" / name

    def ack_key(self, gateway: str) -> str:
        """Return the key by which a gateway checks the commit acks of this farm's ingest."""
        return derive_ack_key(self.secret(ACKS), gateway)

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Lock the folder for the length of the block; raises SettingsError where another process has locked it."""
        with (self.root / "farm.lock").open("w") as file:
            if not _try_lock(file.fileno()):
                raise SettingsError(
                    f"A farm already runs on {self.root}. Stop it first, or choose another folder with --data DIR."
                )
            yield

    def running(self) -> bool:
        """Return whether a farm is running on this folder."""
        try:
            with (self.root / "farm.lock").open("r") as file:
                return not _try_lock(file.fileno())
        except FileNotFoundError:
            return False

    def read_state(self) -> FarmState:
        """Return the state of the farm that runs here; raises RetryLater where none runs."""
        try:
            if self.running():
                return msgspec.json.decode(self.state_path.read_bytes(), type=FarmState)
        except (OSError, msgspec.MsgspecError):
            pass  # a farm that has the lock but has not written its state yet is not reachable either
        raise RetryLater(f"No farm is running on {self.root}. Start it with: headland up --data {self.root}")

    def write_state(self, state: FarmState) -> None:
        """Store the state of this farm."""
        write_whole(self.state_path, msgspec.json.encode(state))

    def last_broker_pid(self) -> int | None:
        """Return the process id of the last run's broker, which survives a killed supervisor; None where unknown."""
        try:
            return msgspec.json.decode(self.state_path.read_bytes(), type=FarmState).pids.get("broker")
        except (OSError, msgspec.MsgspecError):
            return None

    def sim_run(self) -> SimRun | None:
        """Return the simulated clock of the last start, None before the first."""
        try:
            return msgspec.json.decode((self.root / "simulated-until.json").read_bytes(), type=SimRun)
        except (OSError, msgspec.MsgspecError):
            return None

    def simulated_lag_ms(self, now_ms: int) -> int:
        """Return how far the clock of this farm's simulators is behind an instant; 0 without simulators."""
        run = self.sim_run()
        return 0 if run is None else now_ms - run.now_ms(now_ms)

    def next_sim_run(self, speed: float, now_ms: int, span_ms: int) -> SimRun:
        """Return the next simulated clock: it starts `span_ms` before now, but not before the end of the last run."""
        path = self.root / "simulated-until.json"
        start_ms = now_ms - span_ms
        try:
            last = msgspec.json.decode(path.read_bytes(), type=SimRun)
            start_ms = max(start_ms, last.now_ms(now_ms))
        except (OSError, msgspec.MsgspecError):
            pass  # the first run on this folder
        run = SimRun(start_ms=start_ms, real_start_ms=now_ms, speed=speed)
        write_whole(path, msgspec.json.encode(run))
        return run


def default_folder(environ: Mapping[str, str]) -> Path:
    """Return the default folder of a farm: HEADLAND_DATA, or `headland` in the user's data folder."""
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


def _make_private(folder: Path) -> None:
    """Let only this user read a folder and the files in it: earlier versions followed the umask."""
    for path, mode in ((folder, 0o700), *((file, 0o600) for file in folder.iterdir() if file.is_file())):
        if path.stat().st_mode & 0o077:
            # Another user's file stays as it is: whoever owns it decides.
            with suppress(PermissionError):
                path.chmod(mode)
