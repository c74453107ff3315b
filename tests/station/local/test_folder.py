import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headland.errors import RetryLater, SettingsError
from station.local.folder import FarmFolder, FarmState, default_folder
from tests.floors.modules import ROOT


@pytest.fixture
def folder(tmp_path: Path) -> FarmFolder:
    made = FarmFolder(tmp_path / "my farm")
    made.create()
    return made


def test_a_second_holder_is_refused_with_a_sentence(folder: FarmFolder) -> None:
    with folder.hold(), pytest.raises(SettingsError, match="already runs"), folder.hold():
        pass


def test_a_folder_is_free_again_after_its_holder(folder: FarmFolder) -> None:
    with folder.hold():
        assert folder.running()
    assert not folder.running()


def test_a_state_is_read_only_while_the_farm_runs(folder: FarmFolder) -> None:
    state = FarmState(api_url="http://127.0.0.1:8000", broker_host="127.0.0.1", broker_port=1883, broker="mosquitto")
    folder.write_state(state)
    with pytest.raises(RetryLater, match="headland up"):
        folder.read_state()
    with folder.hold():
        assert folder.read_state() == state


def test_a_secret_is_made_once_and_only_its_owner_reads_it(folder: FarmFolder) -> None:
    secret = folder.secret("gateway-1")
    assert len(secret) >= 24
    assert folder.secret("gateway-1") == secret
    assert folder.secret("ingest") != secret
    assert folder.secret_path("gateway-1").stat().st_mode & 0o077 == 0


def test_the_default_folder_follows_the_environment() -> None:
    assert default_folder({"HEADLAND_DATA": "/x/y"}) == Path("/x/y")
    assert default_folder({"XDG_DATA_HOME": "/data"}) == Path("/data/headland")
    assert default_folder({}) == Path.home() / ".local/share/headland"


def test_a_folder_that_cannot_be_made_says_how_to_choose_another(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsError, match="--data"):
        FarmFolder(tmp_path / "file" / "farm").create()


@given(st.lists(st.tuples(st.floats(1, 100), st.integers(1, 10_000_000)), min_size=1, max_size=8))
def test_simulated_time_never_starts_before_what_was_simulated(
    tmp_path_factory: pytest.TempPathFactory, runs: list[tuple[float, int]]
) -> None:
    folder = FarmFolder(tmp_path_factory.mktemp("farm"))
    now_ms = 1_790_000_000_000
    reached_ms = 0
    for speed, run_ms in runs:
        run = folder.next_sim_run(speed, now_ms, round((speed - 1) * 600_000))
        assert reached_ms <= run.start_ms <= now_ms
        reached_ms = min(run.start_ms + round(speed * run_ms), now_ms + run_ms)
        now_ms += run_ms
        assert folder.simulated_lag_ms(now_ms) == now_ms - reached_ms


def test_the_files_of_a_farm_are_for_its_own_user(tmp_path: Path) -> None:
    folder = FarmFolder(tmp_path / "farm")
    folder.create()
    old = folder.store_path
    old.write_bytes(b"x")
    old.chmod(0o644)
    old.parent.chmod(0o755)
    folder.create()
    assert [path.stat().st_mode & 0o777 for path in (old, old.parent)] == [0o600, 0o700]


def test_every_command_creates_files_for_its_own_user_only(tmp_path: Path) -> None:
    line = "import os, pathlib, sys; from station.cli.main import main; sys.argv = ['headland', '--help']"
    code = f"""{line}
os.umask(0o022)
try:
    main()
except SystemExit:
    pass
pathlib.Path({str(tmp_path / "made")!r}).write_text("x")
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "made").stat().st_mode & 0o777 == 0o600
