#!/usr/bin/env python3
"""Set Headland up in `.venv` beside this file and do one thing there: `python3 bootstrap.py COMMAND [-- ARGUMENTS]`.

    setup    everything a developer needs          run      the whole farm on this machine (`headland up`)
    test     the tests this machine can run        check    ruff, mypy and the floors
    accept   the checks on real logs and tables    bench    the benchmarks, into build/bench.json
    test-fast  the pure tests alone: no process, socket or service
    extras   each extra alone in a clean venv      lock     pin the dependencies again
    chaos    thirty faults on a farm of its own    soak     a simulated day of 200 gateways
    docs     the help pages, into build/help

Needs nothing but Python 3.11 or newer, and the network once. What is already there is left alone, so a second call
costs nothing. An installation that was interrupted is made again by the next call.
"""

# Old Pythons must be able to read this file, so that they can say what is wrong: no syntax later than 3.7 here.
from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

OLDEST = (3, 11)
ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "headland.json"  # what is installed; absent in a venv that somebody else made
HALF_DONE = VENV / "headland.half-done"  # an installation began and has not ended
REQUIREMENTS = ROOT / "requirements"
NEEDS = {
    **dict.fromkeys(("run", "chaos", "soak", "docs"), "run"),
    **dict.fromkeys(("check", "test", "test-fast", "setup", "accept", "bench"), "dev"),
}
COMMANDS = [*NEEDS, "extras", "lock"]
CHECKS = [
    ["ruff", "check", "."],
    ["ruff", "format", "--check", "."],
    ["mypy"],
    ["mypy", "bootstrap.py", "hatch_build.py"],
    ["lint-imports"],
]
HELP = ROOT / "build" / "help"  # the built help pages; the station serves them
HELP_SOURCES = [ROOT / name for name in ("docs", "station", "edge", "ingest", "api", "firmware_sim", "headland")]
#: In the order of collection, which puts the longest first.
PARALLEL = ["-n", "2", "--dist", "loadscope", "--no-loadscope-reorder"]
TELL_EVERY_S = 20


class Stop(Exception):  # noqa: N818 - it ends the call with a sentence; not every end is an error
    """End with this sentence and exit status 1."""


def main(words: list[str]) -> int:
    """Do what the words of the command line ask for; return the exit status."""
    if not words or words[0] in ("-h", "--help", "help"):
        print(__doc__)
        return 0
    command, arguments = words[0], words[1:]
    if command not in COMMANDS:
        print("bootstrap.py knows no '{}'; it knows {}".format(command, ", ".join(sorted(COMMANDS))), file=sys.stderr)
        return 2
    if arguments[:1] == ["--"]:
        arguments = arguments[1:]
    try:
        require_python()
        if command == "accept":
            require_real_data()
        if command in NEEDS:
            set_up(NEEDS[command])
        return perform(command, arguments)
    except Stop as stop:
        print(f"headland: {stop}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"headland: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def perform(command: str, arguments: list[str]) -> int:
    """Do one command in the finished venv; what runs long takes this process's place, so that signals reach it."""
    if command == "run":
        refresh_help()
        become([str(VENV / "bin" / "headland"), "up", *arguments])
    if command == "chaos":
        become([str(VENV / "bin" / "headland"), "chaos", *arguments])
    if command == "soak":
        become([str(VENV / "bin" / "headland"), "chaos", "--soak", "24", *arguments])
    if command == "extras":
        set_up("dev")
    modules = {
        "test": ["pytest", "-q", *PARALLEL],
        "test-fast": ["pytest", "-q", *PARALLEL, "--pure"],
        "accept": ["pytest", "-q", *PARALLEL, "tests/accept"],
        "bench": ["tests.bench"],
        "extras": ["tests.floors.extras"],
    }
    if command in modules:
        os.chdir(str(ROOT))
        become(["-m", *modules[command], *arguments])
    if command == "check":
        return check()
    if command == "lock":
        return lock(arguments)
    if command == "docs":
        return build_help(arguments)
    return 0


def require_python() -> None:
    """Go on under Python 3.11 or newer: this one, or another that is on PATH."""
    if sys.version_info[:2] >= OLDEST:
        return
    for minor in (13, 12, 11):
        newer = shutil.which(f"python3.{minor}")
        if newer and succeeds([newer, "-c", ""]):
            os.execv(newer, [newer, str(Path(__file__).resolve()), *sys.argv[1:]])  # noqa: S606 - no shell is meant
    raise Stop(
        f"Headland needs Python 3.11 or newer, and this is {version()}: install a newer one and name it, "
        "as in `python3.13 bootstrap.py run` or `make run PYTHON=python3.13`"
    )


def require_real_data() -> None:
    """Make sure that the acceptance checks have something to check."""
    folder = os.environ.get("HEADLAND_REAL_DATA", "")
    if not folder or not Path(folder).is_dir():
        raise Stop("accept reads real logs and tables: HEADLAND_REAL_DATA=FOLDER make accept")
    os.environ["HEADLAND_REAL_DATA"] = str(Path(folder).resolve())


def set_up(lock_name: str) -> None:
    """Bring `.venv` to what `requirements/<lock_name>.lock` says, unless it is there already."""
    if is_ready(lock_name):
        return
    with one_at_a_time():
        if is_ready(lock_name):  # another call did it while this one waited
            return
        if HALF_DONE.exists() or not PYTHON.exists() or not is_of_this_python():
            make_venv()
        HALF_DONE.touch()
        started_s = time.monotonic()
        say(f"installing what requirements/{lock_name}.lock pins into .venv (once; a minute or two on a slow line)")
        install(REQUIREMENTS / f"{lock_name}.lock")
        write_stamp(lock_name)
        HALF_DONE.unlink()
        say(f"ready after {time.monotonic() - started_s:.0f} s")


def is_ready(lock_name: str) -> bool:
    """Tell whether `.venv` is what this Python and this lock would make."""
    stamp = read_stamp()
    same = stamp.get("made_by") == made_by() and stamp.get(lock_name) == digest(lock_name)
    return same and PYTHON.exists() and not HALF_DONE.exists()


def is_of_this_python() -> bool:
    """Tell whether the venv has this Python's minor version and, where it is ours, was made in this place."""
    stamp = read_stamp()
    if stamp:
        return stamp.get("made_by") == made_by()
    try:
        lines = (VENV / "pyvenv.cfg").read_text(encoding="utf-8").splitlines()
    except OSError:
        return False
    values = [line.partition("=")[2].strip() for line in lines if line.startswith("version")]
    return any((value + ".").startswith(version() + ".") for value in values)


def made_by() -> list[str]:
    """Return what a venv cannot outlive: its Python's minor version and its place (it holds absolute paths)."""
    return [version(), str(ROOT)]


def version() -> str:
    """Return the minor version of this Python, as "3.13"."""
    return "{}.{}".format(*sys.version_info[:2])


def digest(lock_name: str) -> str:
    """Return a digest of all that decides what is installed."""
    files = [REQUIREMENTS / f"{lock_name}.lock", ROOT / "pyproject.toml"]
    missing = next((file for file in files if not file.exists()), None)
    if missing:
        raise Stop(f"{missing.relative_to(ROOT)} is missing: this is not a whole checkout")
    return hashlib.sha256(b"\0".join(file.read_bytes() for file in files)).hexdigest()


def read_stamp() -> dict[str, object]:
    """Return what is known to be installed; empty when nothing is."""
    try:
        stamp = json.loads(STAMP.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return stamp if isinstance(stamp, dict) else {}


def write_stamp(lock_name: str) -> None:
    """Write down that a lock is installed; the dev lock holds all of the run lock at the same versions."""
    dev_too = lock_name == "dev" or read_stamp().get("dev") == digest("dev")
    held = ["run", "dev"] if dev_too else ["run"]
    half = STAMP.with_suffix(".new")
    half.write_text(json.dumps({"made_by": made_by(), **{name: digest(name) for name in held}}), encoding="utf-8")
    half.replace(STAMP)


def make_venv() -> None:
    """Make an empty `.venv` of this Python; what was there is of another Python, of another place, or half done."""
    require_ensurepip()
    say(f"making .venv with Python {version()}")
    python = base_python()
    if VENV.exists():
        shutil.rmtree(str(VENV))
    VENV.mkdir()
    HALF_DONE.touch()
    call([python, "-m", "venv", str(VENV)], "could not make .venv")


def base_python() -> str:
    """Return this Python outside of any venv: the one in `.venv` goes away with it."""
    return sys.executable if sys.prefix == sys.base_prefix else os.path.realpath(sys.executable)


def require_ensurepip() -> None:
    """Make sure that venvs can be made: Debian and Ubuntu keep that in a package of its own."""
    if has_ensurepip():
        return
    package = f"python{version()}-venv"
    apt_get = shutil.which("apt-get")
    if apt_get is None:
        raise Stop(f"{sys.executable} has no ensurepip and so cannot make a venv: install a complete Python")
    if os.geteuid() != 0:
        raise Stop(f"this Python cannot make a venv yet; type this once:\n    sudo apt-get install -y {package}")
    say(f"installing {package}, without which Python cannot make a venv")
    install_line = ["env", "DEBIAN_FRONTEND=noninteractive", apt_get, "install", "-y", "-qq", package]
    if not succeeds(install_line):
        succeeds([apt_get, "update", "-qq"])
        subprocess.call(install_line, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    if not has_ensurepip():
        raise Stop(f"could not install {package}: install it by hand and call again")


def has_ensurepip() -> bool:
    """Ask a fresh process, which sees what was installed a moment ago."""
    return succeeds([base_python(), "-c", "import ensurepip"])


def install(lock_file: Path) -> None:
    """Install a lock and then Headland itself, by uv; by pip where uv cannot (it does not read pip's own settings)."""
    locked = ["install", "--quiet", "--require-hashes", "-r", str(lock_file)]
    itself = ["install", "--quiet", "--no-deps", "--no-build-isolation", "-e", "."]
    try:
        uv = [str(install_uv()), "pip"]
        for line in (locked, itself):
            call([*uv, line[0], "--python", str(PYTHON), *line[1:]], "uv could not install")
    except Stop as stop:
        say(f"{stop}; trying pip")
        for line in (locked, itself):
            call([str(PYTHON), "-m", "pip", *line], "could not install; is there a network?")


def install_uv() -> Path:
    """Make sure that the venv holds the pinned uv; return its path."""
    uv = VENV / "bin" / "uv"
    if not uv.exists():
        pip = [str(PYTHON), "-m", "pip"]
        if not succeeds([*pip, "--version"]):
            call([str(PYTHON), "-m", "ensurepip"], "could not put pip into .venv")
        lock_file = REQUIREMENTS / "installer.lock"
        call([*pip, "install", "--quiet", "--require-hashes", "-r", str(lock_file)], "pip could not install uv")
    return uv


def check() -> int:
    """Run every check, also after one that fails; return 1 when any does."""
    failed = []
    for line in CHECKS:
        say(" ".join(line))
        if subprocess.call([str(VENV / "bin" / line[0]), *line[1:]], cwd=str(ROOT), env=environment()) != 0:
            failed.append(" ".join(line))
    print("headland: " + ("these failed: " + "; ".join(failed) if failed else "all checks passed"), flush=True)
    return 1 if failed else 0


def lock(arguments: list[str]) -> int:
    """Pin all dependencies again (`-- --upgrade` moves them on), for every platform and Python, naming no host."""
    if not PYTHON.exists():
        make_venv()
    compile_line = [str(install_uv()), "pip", "compile", "--quiet", "--universal", "--python-version", "3.11"]
    # One version of each package for all Pythons: what passes under one then is what runs under the others.
    compile_line += ["--fork-strategy", "fewest"]
    compile_line += ["--generate-hashes", "--no-annotate", "--no-header", *arguments]
    in_run = ["--extra", "all", "--extra", "docs"]  # docs: `make run` builds the help pages
    for name, sources in {
        "installer": ["requirements/installer.in"],
        "dev": ["pyproject.toml", "--extra", "dev"],
        "run": ["pyproject.toml", "requirements/build.in", *in_run, "-c", "requirements/dev.lock"],
    }.items():
        say(f"pinning requirements/{name}.lock")
        call([*compile_line, *sources, "-o", f"requirements/{name}.lock"], f"could not pin {name}.lock")
    return 0


def refresh_help() -> None:
    """Build the help pages where their sources have changed; a failure is reported and does not stop the farm."""
    stamp = HELP / "sources.sha256"
    sources = help_digest()
    if stamp.exists() and stamp.read_text(encoding="utf-8") == sources:
        return
    say("building the help pages (once after a change)")
    if build_help(["--quiet"]) != 0:
        say("the help pages could not be built: `make docs` shows why")


def build_help(arguments: list[str]) -> int:
    """Build the help pages into build/help, with warnings as errors; return the exit status."""
    line = [str(PYTHON), "-m", "mkdocs", "build", "--strict", *arguments]
    status = subprocess.call(line, cwd=str(ROOT), env={**environment(), "NO_MKDOCS_2_WARNING": "1"})
    if status == 0:
        (HELP / "sources.sha256").write_text(help_digest(), encoding="utf-8")
    return status


def help_digest() -> str:
    """Return a digest of the documents and of the code from which the reference is generated."""
    files = [ROOT / "mkdocs.yml", *(file for folder in HELP_SOURCES for file in sorted(folder.rglob("*.*")))]
    digest_of_all = hashlib.sha256()
    for file in files:
        if file.suffix in (".md", ".py", ".toml", ".yml", ".png", ".css") and file.is_file():
            digest_of_all.update(str(file.relative_to(ROOT)).encode() + b"\0" + file.read_bytes())
    return digest_of_all.hexdigest()


def become(line: list[str]) -> None:
    """Go on as the venv's Python with these arguments; does not return."""
    sys.stdout.flush()
    os.execve(str(PYTHON), [str(PYTHON), *line], environment())  # noqa: S606 - no shell is meant


def succeeds(line: list[str]) -> bool:
    """Tell whether a command ends well; its words are not shown."""
    quiet = subprocess.DEVNULL
    return subprocess.call(line, stdin=quiet, stdout=quiet, stderr=quiet) == 0


def call(line: list[str], what_failed: str) -> None:
    """Run a command in the root folder, say from time to time that it still runs, and stop when it fails."""
    started_s = time.monotonic()
    with subprocess.Popen(line, cwd=str(ROOT), stdin=subprocess.DEVNULL, env=environment()) as process:
        while True:
            try:
                status = process.wait(TELL_EVERY_S)
                break
            except subprocess.TimeoutExpired:
                say(f"still at it after {time.monotonic() - started_s:.0f} s")
    if status != 0:
        raise Stop(what_failed)


def environment() -> dict[str, str]:
    """Return the environment for the venv's programs: other Pythons' modules (as ROS puts on PYTHONPATH) stay out."""
    kept = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME")}
    kept.update({"PIP_USER": "0", "PIP_DISABLE_PIP_VERSION_CHECK": "1"})
    kept.setdefault("UV_SYSTEM_CERTS", "true")  # as pip does: a company's own certificates are there
    home = kept.get("HOME", "")
    if "UV_CACHE_DIR" not in kept and not (home and os.access(home, os.W_OK)):
        kept["UV_NO_CACHE"] = "1"
    return kept


@contextlib.contextmanager
def one_at_a_time() -> Iterator[None]:
    """Hold the checkout's set-up lock, so that two calls do not install into one venv at once."""
    import fcntl

    (ROOT / "build").mkdir(exist_ok=True)
    with (ROOT / "build" / "setup.lock").open("w", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            say("waiting for another set-up in this checkout")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def say(sentence: str) -> None:
    """Tell the person what is being done."""
    print(f"headland: {sentence}", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
