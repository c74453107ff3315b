"""Common behaviour of all commands: version, help, completion, exit codes and colour."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from headland.contract.refusals import Reason, Refused
from ingest.quarantine.quarantine import Quarantine
from ingest.quarantine.refused_messages import RefusedMessage
from station.cli.exit_codes import EXIT_CODES, ExitCode
from station.cli.main import _missing_sentence
from station.local.folder import FarmFolder
from tests.floors.modules import ROOT
from tests.signals import hear_interrupts
from tests.station.cli.command_line import ROOT_COMMAND, call, environment, run, run_on_terminal
from tests.waiting import wait_until

ANSI = "\x1b["
COLOUR = re.compile(r"\x1b\[(?:[0-9;]*;)?(?:3[0-8]|4[0-8]|9[0-7]|10[0-7])(?:;[0-9;]*)?m")


def test_version_prints_the_installed_version() -> None:
    done = run("--version")
    assert re.fullmatch(r"headland \d+\.\d+\.\d+\n", done.stdout)
    assert done.returncode == ExitCode.OK


def test_help_of_up_lists_five_options_first_and_groups_the_others() -> None:
    text = call("up", "--help").stdout
    panels = re.split(r"╭─ ([\w -]+?) ─+╮", text)
    options = {
        title: re.findall(r"^│ (--[\w-]+)", body, re.MULTILINE)
        for title, body in zip(panels[1::2], panels[2::2], strict=True)
    }
    assert list(options) == ["Options", "Simulation", "Network", "Logging"]
    assert options["Options"] == ["--port", "--data", "--scenario", "--speed", "--no-sim", "--help"]
    assert "--listen" in options["Network"]


def test_help_ends_with_the_exit_codes() -> None:
    text = call("--help").stdout
    table = text[text.index("Exit codes:") :]
    for code in ExitCode:
        assert re.search(rf"^ *{code.value} +{re.escape(EXIT_CODES[code])}", table, re.MULTILINE), code


def test_a_failed_command_a_wrong_option_and_a_wrong_setting_have_their_exit_codes(tmp_path: Path) -> None:
    log = tmp_path / "flight.tlog"
    assert call("edge", "import", str(log), "--data", str(tmp_path)).returncode == ExitCode.USAGE
    log.write_bytes(b"")
    assert call("edge", "import", str(log), "--data", str(tmp_path)).returncode == ExitCode.FAILED
    assert call("up", "--no-such-option").returncode == ExitCode.USAGE
    wrong = call("store", "info", "--data", str(tmp_path))
    assert wrong.returncode == ExitCode.USAGE
    assert wrong.stderr.startswith("headland: No store at ")
    assert "Traceback" not in wrong.stderr


def test_an_interrupted_command_has_its_exit_code(tmp_path: Path) -> None:
    folder = FarmFolder(tmp_path)
    folder.create()
    quarantine = Quarantine(folder.quarantine_path, 1024 * 1024, 100)
    quarantine.add(
        [RefusedMessage("other/topic", b"x", (Refused(Reason.UNKNOWN_TOPIC, "other/topic"),))], 1_790_000_000_000
    )
    words = ["ingest", "quarantine", "replay", "1", "--wait", "60", "--data", str(tmp_path)]
    with subprocess.Popen(
        [*ROOT_COMMAND, *words], env=environment(), stderr=subprocess.DEVNULL, preexec_fn=hear_interrupts
    ) as process:
        wait_until(lambda: (message := quarantine.find(1)) is not None and message.is_asked)
        quarantine.close()
        process.send_signal(signal.SIGINT)
        assert process.wait(120) == ExitCode.INTERRUPTED


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_proposes_commands_and_options(shell: str) -> None:
    def complete(words: str) -> str:
        line = {
            "COMP_WORDS": words,
            "COMP_CWORD": str(len(words.split(" ")) - 1),
            "_TYPER_COMPLETE_ARGS": words,
            "_TYPER_COMPLETE_FISH_ACTION": "get-args",
        }
        return call(environ=environment(**line, _HEADLAND_COMPLETE=f"complete_{shell}")).stdout

    assert "station" in complete("headland sta")
    assert "doctor" not in complete("headland sta")
    assert "--port" in complete("headland up --p")
    assert "mosquitto" in complete("headland up --broker mo")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_a_script_for_the_shell(shell: str) -> None:
    done = run("--show-completion", shell, _TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION="1")
    assert f"complete_{shell}" in done.stdout
    assert "headland" in done.stdout
    assert done.returncode == 0


def test_completion_installs_itself_for_a_shell(tmp_path: Path) -> None:
    done = run("--install-completion", "bash", HOME=str(tmp_path), _TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION="1")
    assert done.returncode == 0, done.stderr
    assert "complete_bash" in (tmp_path / ".bash_completions" / "headland.sh").read_text()


def test_completion_loads_little_enough_to_answer_at_once() -> None:
    words = {"COMP_WORDS": "headland sta", "COMP_CWORD": "1", "_HEADLAND_COMPLETE": "complete_bash"}
    script = f"import sys; sys.argv = ['headland']\n{ROOT_COMMAND[-1].replace('main()', '')}"
    script += "\ntry: main()\nfinally: print(*sys.modules, file=sys.stderr)"
    command = [*ROOT_COMMAND[:-1], script]
    done = subprocess.run(command, env=environment(**words), capture_output=True, text=True, check=False)
    assert done.stdout.split() == ["station"]
    heavy = {"rich", "numpy", "duckdb", "fastapi", "sqlalchemy", "paho", "msgspec", "ssl"}  # typer loads pydantic
    assert heavy & set(done.stderr.split()) == set()


@pytest.mark.parametrize(("given", "used"), [({}, "1"), ({"OPENBLAS_NUM_THREADS": "2"}, "2")])
def test_linear_algebra_has_one_thread_before_it_is_loaded_or_as_many_as_the_user_says(
    given: dict[str, str], used: str
) -> None:
    script = "import os, sys; import station.cli.main as command; sys.argv = ['headland', '--version']\n"
    script += "assert 'numpy' not in sys.modules\n"
    script += "try: command.main()\nfinally: print(os.environ['OPENBLAS_NUM_THREADS'])"
    environ = {name: value for name, value in environment().items() if name != "OPENBLAS_NUM_THREADS"}
    done = subprocess.run(
        [sys.executable, "-c", script], env=environ | given, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == used


@pytest.mark.parametrize(
    "words",
    [
        ("up", "--help"),
        ("nope",),
        *(
            pytest.param(words, marks=pytest.mark.long)
            for words in (("chaos", "--list"), ("doctor", "--data", "/nowhere/x"))
        ),
    ],
)
def test_output_into_a_pipe_holds_no_escape_codes(words: tuple[str, ...]) -> None:
    done = run(*words)
    assert done.stdout + done.stderr
    assert ANSI not in done.stdout + done.stderr


@pytest.mark.parametrize("words", [("up", "--help"), ("nope",)])
def test_no_color_is_respected_on_a_terminal(words: tuple[str, ...]) -> None:
    assert COLOUR.search(run_on_terminal(*words))
    assert COLOUR.search(run_on_terminal(*words, NO_COLOR="1")) is None


@pytest.mark.long
def test_a_users_own_folders_named_as_our_packages_are_not_taken_for_them(tmp_path: Path) -> None:
    for name in ("api", "edge", "ingest"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("raise SystemExit('taken')\n", encoding="utf-8")
    done = run("station", "--data", str(tmp_path / "farm"), "--broker", "nowhere:0", PYTHONPATH=str(tmp_path))
    assert (done.returncode, done.stderr) == (2, "headland: 'nowhere:0' is not HOST:PORT.\n")


def test_a_foreign_package_that_was_loaded_before_is_named_with_the_remedy(tmp_path: Path) -> None:
    (tmp_path / "api").mkdir()
    (tmp_path / "api" / "__init__.py").touch()
    (tmp_path / "sitecustomize.py").write_text("import api\n", encoding="utf-8")
    done = run("station", "--data", str(tmp_path / "farm"), "--broker", "nowhere:0", PYTHONPATH=str(tmp_path))
    where = tmp_path / "api"
    said = f"another package named api at {where} hides Headland's: take it off PYTHONPATH, or rename it"
    assert (done.returncode, said in done.stderr) == (1, True), done.stderr


@pytest.mark.parametrize("part", ["ingest", "api"])
def test_a_service_that_lacks_a_package_names_extras_that_have_all_it_loads(
    part: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["headland", part])
    said = re.search(r"'headland\[(.+)\]'$", _missing_sentence(ModuleNotFoundError(name="fastapi")))
    assert said is not None
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    packages = {re.split("[>[]", package)[0] for extra in said[1].split(",") for package in declared[extra]}
    assert packages >= {"fastapi", "uvicorn", "paho-mqtt", "duckdb", "sqlalchemy"}
