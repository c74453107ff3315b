"""bootstrap.py: what it does once, does not do twice, mends, and says where it cannot."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from tests.bootstrap.checkout import ROOT, Checkout

SOURCE = (ROOT / "bootstrap.py").read_text(encoding="utf-8")


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path / "a checkout")


def _program(folder: Path, name: str, script: str) -> None:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(0o755)


def test_it_needs_the_standard_library_only() -> None:
    imports = [node for node in ast.walk(ast.parse(SOURCE)) if isinstance(node, ast.Import | ast.ImportFrom)]
    names = {alias.name for node in imports if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module or "" for node in imports if isinstance(node, ast.ImportFrom)}
    assert {name.partition(".")[0] for name in names} <= sys.stdlib_module_names


def test_an_old_python_can_read_it() -> None:
    ast.parse(SOURCE, feature_version=(3, 7))


def test_an_old_python_says_what_is_needed_in_one_sentence(checkout: Checkout, tmp_path: Path) -> None:
    done = checkout.run("run", before="sys.version_info = (3, 9, 2, 'final', 0)", env={"PATH": str(tmp_path / "none")})
    assert done.returncode == 1
    assert done.stderr.startswith("headland: Headland needs Python 3.11 or newer, and this is 3.9. ")
    assert done.stderr.count("\n") == 1


def test_an_old_python_hands_over_to_a_newer_one_on_path(checkout: Checkout, tmp_path: Path) -> None:
    _program(tmp_path / "bin", "python3.12", '[ "$1" = -c ] || echo "python3.12 took over: $2 $3 $4"')
    done = checkout.run(
        "run", "--port", "9000", before="sys.version_info = (3, 9, 2, 'final', 0)", env={"PATH": str(tmp_path / "bin")}
    )
    assert done.stdout == "python3.12 took over: run --port 9000\n", done.stderr


def test_a_second_call_does_nothing(checkout: Checkout) -> None:
    assert len(checkout.set_up("dev")) == 3
    assert checkout.set_up("dev") == []
    assert checkout.set_up("run") == []  # the dev lock holds all of it


def test_running_needs_no_developers_tools(checkout: Checkout) -> None:
    lines = checkout.set_up("run")
    assert any("run.lock" in line for line in lines)
    assert not any("dev.lock" in line for line in lines)
    assert any("dev.lock" in line for line in checkout.set_up("dev"))


@pytest.mark.parametrize("changed", ["requirements/dev.lock", "pyproject.toml"])
def test_a_changed_lock_is_installed_into_the_same_venv(checkout: Checkout, changed: str) -> None:
    checkout.set_up("dev")
    (checkout.folder / changed).write_text("# changed\n", encoding="utf-8")
    lines = checkout.set_up("dev")
    assert len(lines) == 2
    assert all(" pip install " in line for line in lines)


def test_going_back_to_an_older_lock_is_noticed(checkout: Checkout) -> None:
    locks = [checkout.folder / "requirements" / f"{name}.lock" for name in ("run", "dev")]
    checkout.set_up("dev")
    for lock in locks:
        lock.write_text("# older\n", encoding="utf-8")
    checkout.set_up("run")
    for lock in locks:
        lock.write_text("", encoding="utf-8")
    assert checkout.set_up("dev") != []


@pytest.mark.parametrize("moment", ["-m venv", "dev.lock", "-e ."])
def test_an_interrupted_set_up_is_made_again_from_nothing(checkout: Checkout, moment: str) -> None:
    checkout.fail_at = moment
    with pytest.raises(KeyboardInterrupt):
        checkout.set_up("dev")
    checkout.fail_at = None
    lines = checkout.set_up("dev")
    assert "-m venv" in lines[0]
    assert checkout.set_up("dev") == []


def test_a_venv_of_another_python_or_place_is_made_again(checkout: Checkout, tmp_path: Path) -> None:
    checkout.set_up("dev")
    checkout.folder = checkout.folder.rename(tmp_path / "moved")
    assert "-m venv" in checkout.set_up("dev")[0]
    stamp = checkout.folder / ".venv" / "headland.json"
    stamp.write_text(stamp.read_text(encoding="utf-8").replace('["3.', '["2.'), encoding="utf-8")
    assert "-m venv" in checkout.set_up("dev")[0]


def test_a_venv_that_somebody_made_with_this_python_is_used(checkout: Checkout) -> None:
    checkout.set_up("dev")
    (checkout.folder / ".venv" / "headland.json").unlink()
    lines = checkout.set_up("dev")
    assert len(lines) == 2
    assert all(" pip install " in line for line in lines)


def test_a_venv_whose_python_is_gone_is_made_again(checkout: Checkout) -> None:
    checkout.set_up("dev")
    (checkout.folder / ".venv" / "bin" / "python").unlink()
    assert "-m venv" in checkout.set_up("dev")[0]


def _without_ensurepip(folder: Path, user_id: int) -> dict[str, str]:
    """Return an environment whose Python lacks ensurepip until the file `ensurepip.there` appears in `folder`."""
    shadow = folder / "shadow"
    shadow.mkdir()
    (shadow / "ensurepip.py").write_text(
        f"import pathlib\nif not pathlib.Path({str(folder / 'ensurepip.there')!r}).exists(): raise ImportError\n",
        encoding="utf-8",
    )
    (shadow / "sitecustomize.py").write_text(f"import os\nos.geteuid = lambda: {user_id}\n", encoding="utf-8")
    return {"PATH": f"{folder / 'bin'}:/usr/bin:/bin", "PYTHONPATH": str(shadow), "HOME": str(folder)}


def _package() -> str:
    return "python{}.{}-venv".format(*sys.version_info[:2])


def test_a_plain_user_without_ensurepip_is_given_the_line_to_type(checkout: Checkout, tmp_path: Path) -> None:
    env = _without_ensurepip(tmp_path, 1000)
    _program(tmp_path / "bin", "apt-get", f"touch '{tmp_path}/called'")
    done = checkout.run("test", env=env)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].strip() == f"sudo apt-get install -y {_package()}"
    assert not (tmp_path / "called").exists()


@pytest.mark.long
def test_root_without_ensurepip_has_it_installed(checkout: Checkout, tmp_path: Path) -> None:
    env = _without_ensurepip(tmp_path, 0)
    # As on a fresh container: nothing is known of any package before the first update.
    _program(
        tmp_path / "bin",
        "apt-get",
        f"""cd '{tmp_path}'; echo "$@" >> apt.log
case "$1" in update) touch lists;; install) [ -e lists ] && touch ensurepip.there;; esac""",
    )
    done = checkout.run("test", env=env)
    log = (tmp_path / "apt.log").read_text(encoding="utf-8").splitlines()
    assert log == [f"install -y -qq {_package()}", "update -qq", f"install -y -qq {_package()}"]
    assert "creating .venv with Python" in done.stdout


def test_root_is_told_when_the_package_cannot_be_had(checkout: Checkout, tmp_path: Path) -> None:
    env = _without_ensurepip(tmp_path, 0)
    _program(tmp_path / "bin", "apt-get", "exit 100")
    done = checkout.run("test", env=env)
    assert done.returncode == 1
    assert done.stderr == f"headland: could not install {_package()}: install it manually and try again\n"


def test_a_system_without_apt_is_asked_for_a_complete_python(checkout: Checkout, tmp_path: Path) -> None:
    env = {**_without_ensurepip(tmp_path, 0), "PATH": str(tmp_path / "bin")}
    done = checkout.run("test", env=env)
    assert done.returncode == 1
    assert "install a complete Python" in done.stderr


def test_accept_without_data_says_how_to_name_it(checkout: Checkout) -> None:
    done = checkout.run("accept", env={"PATH": os.environ["PATH"]})
    assert (done.returncode, done.stdout) == (1, "")
    assert "HEADLAND_REAL_DATA=FOLDER make accept" in done.stderr


def test_an_unknown_command_is_answered_with_the_known_ones(checkout: Checkout) -> None:
    done = checkout.run("fly")
    assert done.returncode == 2
    assert "Unknown command 'fly'. Commands: accept, audit, bench, chaos" in done.stderr


def test_modules_from_elsewhere_stay_out(checkout: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", "/opt/ros/lib")
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    monkeypatch.setenv("HOME", "")
    environment = checkout.load().environment()
    assert {"PYTHONPATH", "PYTHONDONTWRITEBYTECODE"} & environment.keys() == set()
    assert environment["UV_NO_CACHE"] == "1"


def test_make_alone_lists_every_command_of_bootstrap(checkout: Checkout) -> None:
    done = subprocess.run(["make", "--no-print-directory"], cwd=ROOT, capture_output=True, text=True, check=True)
    listed = {line.split()[1] for line in done.stdout.splitlines()}
    assert listed >= set(checkout.load().COMMANDS)


def test_make_passes_options_on(tmp_path: Path) -> None:
    _program(tmp_path, "python", 'echo "$@"')
    line = ["make", "--no-print-directory", "run", f"PYTHON={tmp_path}/python", "ARGS=--port 9000 --data 'my farm'"]
    done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "bootstrap.py run -- --port 9000 --data my farm\n"


@pytest.fixture
def help_built(checkout: Checkout, monkeypatch: pytest.MonkeyPatch) -> tuple[ModuleType, list[list[str]]]:
    """A bootstrap module whose build of the help pages is written down, and those builds."""
    module = checkout.load()
    (checkout.folder / "docs").mkdir()
    (checkout.folder / "docs" / "index.md").write_text("# Help\n", encoding="utf-8")
    (checkout.folder / "mkdocs.yml").write_text("site_name: Headland\n", encoding="utf-8")
    builds: list[list[str]] = []

    def build(line: list[str], **_: object) -> int:
        builds.append(line)
        made = Path(line[line.index("--site-dir") + 1])
        made.mkdir(parents=True)
        (made / "index.html").write_text(f"build {len(builds)}", encoding="utf-8")
        return 0

    monkeypatch.setattr(module.subprocess, "call", build)
    return module, builds


def test_a_run_builds_the_help_pages_once_and_again_after_a_change(
    help_built: tuple[ModuleType, list[list[str]]], checkout: Checkout
) -> None:
    module, builds = help_built
    module.refresh_help()
    module.refresh_help()
    assert len(builds) == 1
    assert builds[0][1:5] == ["-m", "mkdocs", "build", "--strict"]
    (checkout.folder / "docs" / "index.md").write_text("# Help, changed\n", encoding="utf-8")
    module.refresh_help()
    assert len(builds) == 2
    assert (module.HELP / "index.html").read_text(encoding="utf-8") == "build 2"


def test_a_farm_starts_while_changed_help_pages_are_built_in_another_process(
    help_built: tuple[ModuleType, list[list[str]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    module, builds = help_built
    began: list[list[str]] = []
    monkeypatch.setattr(module.subprocess, "Popen", lambda line, **_: began.append(line))
    module.begin_help()
    assert builds == []
    (line,) = began
    assert line[-1].endswith("bootstrap.refresh_help()")
    module.refresh_help()
    module.begin_help()
    assert len(began) == 1


def test_help_pages_that_cannot_be_built_are_reported_and_stop_nothing(
    help_built: tuple[ModuleType, list[list[str]]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    module, _ = help_built
    monkeypatch.setattr(module.subprocess, "call", lambda *_, **__: 1)
    module.refresh_help()
    assert "could not be built: `make docs` shows why" in capsys.readouterr().out
    assert not (module.HELP / "sources.sha256").exists()
