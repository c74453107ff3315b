#!/usr/bin/env python3
"""Set up `.venv` beside this file and run a command in it: `python3 bootstrap.py COMMAND [-- ARGUMENTS]`.

    setup      install the development environment   run      start a farm on this machine (`headland up`)
    test       run the tests that this machine can   check    ruff, mypy and import contracts
    test-fast  run the pure tests only               accept   checks on real logs and tables
    bench      benchmarks, into build/bench.json     chaos    inject thirty faults into a test farm
    soak       simulate a day of 200 gateways        simulate faults in the delivery chain, in simulated time
    extras     install and import each extra alone   docs     build the help pages
    lock       pin the dependencies again            audit    known vulnerabilities, bill of materials
    deb        build Debian's package of a gateway   deb-test install it on a bare Debian (as root)
    compose-test  run containers and kill them       systemd-test  the units under systemd
    compose-split-test  the same with ingest, API and databases as services
    clients-test  let QGIS and Home Assistant read   release  build all files of a release

Requires Python 3.11 or newer, and the network for the first call only. A complete installation is not touched again;
an interrupted one is repeated by the next call.
"""

# Syntax of Python 3.7 only: older versions must be able to read this file and report that they are too old.
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
STAMP = VENV / "headland.json"  # what is installed; absent in a venv of other origin
HALF_DONE = VENV / "headland.half-done"  # exists during an installation
REQUIREMENTS = ROOT / "requirements"
NEEDS = {
    **dict.fromkeys(("run", "chaos", "soak", "simulate", "docs", "deb", "release"), "run"),
    **dict.fromkeys(
        ("check", "test", "test-fast", "setup", "accept", "bench", "mutants", "disk-year", "help-pictures", "pictures"),
        "dev",
    ),
    **dict.fromkeys(("deb-test", "clients-test", "compose-test", "compose-split-test", "systemd-test"), "dev"),
}
COMMANDS = [*NEEDS, "extras", "lock", "audit"]
CHECKS = [
    ["ruff", "check", "."],
    ["ruff", "format", "--check", "."],
    ["mypy"],
    ["mypy", "bootstrap.py", "hatch_build.py"],
    ["lint-imports"],
]
HELP = ROOT / "build" / "help"  # the built help pages; the station serves them
HELP_SOURCES = [ROOT / name for name in ("docs", "station", "edge", "ingest", "api", "firmware_sim", "headland")]
#: In the order of collection, longest folders first.
PARALLEL = ["-n", "3", "--dist", "loadscope", "--no-loadscope-reorder"]
#: They wait for nothing, and each worker collects all: more than the cores only cost.
PARALLEL_PURE = ["-n", "2", *PARALLEL[2:]]
REPORT_EVERY_S = 20
#: In a venv of their own, as only `audit` needs them.
AUDIT_TOOLS = ["pip-audit==2.10.1", "cyclonedx-bom==7.5.0"]
#: Exit status of `audit` where no database of vulnerabilities could be asked.
NOT_ASKED = 3


class Stop(Exception):  # noqa: N818 - it ends the program with a message
    """End the program with a message and exit status 1."""


def main(words: list[str]) -> int:
    """Run the command in `words`; return the exit status."""
    if not words or words[0] in ("-h", "--help", "help"):
        print(__doc__)
        return 0
    command, arguments = words[0], words[1:]
    if command not in COMMANDS:
        print("Unknown command '{}'. Commands: {}".format(command, ", ".join(sorted(COMMANDS))), file=sys.stderr)
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
    """Run a command in the venv. A long-running one replaces this process: signals reach it directly."""
    if command == "run":
        begin_help()
        become([str(VENV / "bin" / "headland"), "up", *arguments])
    if command == "chaos":
        become([str(VENV / "bin" / "headland"), "chaos", *arguments])
    if command == "soak":
        become([str(VENV / "bin" / "headland"), "chaos", "--soak", "24", *arguments])
    if command == "simulate":
        become([str(VENV / "bin" / "headland"), "simulate", *arguments])
    if command == "extras":
        set_up("dev")
    modules = {
        "test": ["pytest", "-q", *PARALLEL],
        "test-fast": ["pytest", "-q", *PARALLEL_PURE, "--pure"],
        "accept": ["pytest", "-q", *PARALLEL, "tests/accept"],
        "bench": ["tests.bench"],
        "mutants": ["tests.mutants"],
        "disk-year": ["tests.disk_year"],
        "help-pictures": ["tests.help.pictures"],
        "pictures": ["tests.dashboard.pictures"],
        "extras": ["tests.floors.extras"],
        "clients-test": ["pytest", "-q", "-n0", *map(str, sorted((ROOT / "tests" / "clients").glob("*_reads.py")))],
        "deb": ["deploy.debian.build"],
        "release": ["deploy.release"],
        "deb-test": ["tests.deploy.bare_debian"],
        "compose-test": ["tests.deploy.compose_run"],
        "compose-split-test": ["tests.deploy.split_run"],
        "systemd-test": ["tests.deploy.systemd_run"],
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
    if command == "audit":
        return audit()
    return 0


def audit() -> int:
    """Write the bill of materials of the dependencies, and ask a database of vulnerabilities about those of Python.

    Returns 0 where none is known, 1 where one is or the bill could not be written, and NOT_ASKED where no database
    answered for all of them. build/audit.json says which.
    """
    tools, lock_file = ROOT / "build" / "audit", REQUIREMENTS / "run.lock"
    if not (tools / "bin" / "pip-audit").exists():
        subprocess.run([sys.executable, "-m", "venv", str(tools)], check=True)
        subprocess.run([str(tools / "bin" / "pip"), "install", "--quiet", *AUDIT_TOOLS], check=True)
    bill, answer, record = (ROOT / "build" / name for name in ("sbom.json", "audit-answer.json", "audit.json"))
    if answer.exists():
        answer.unlink()
    words = ["requirements", str(lock_file), "--output-reproducible", "-o", str(bill)]
    if subprocess.call([str(tools / "bin" / "cyclonedx-py"), *words]) != 0:
        raise Stop("build/sbom.json could not be written")
    # This file imports nothing of the project: it must run where nothing is installed.
    subprocess.run([sys.executable, "-m", "deploy.bill", str(bill)], check=True, cwd=ROOT)
    report("wrote build/sbom.json")
    words = ["--requirement", str(lock_file), "--require-hashes", "--disable-pip", "--strict"]
    words += ["--progress-spinner", "off", "--format", "json", "--output", str(answer)]
    asked = subprocess.run([str(tools / "bin" / "pip-audit"), *words], stderr=subprocess.PIPE, check=False)
    said = asked.stderr.decode(errors="replace").strip().splitlines()
    outcome = read_answer(answer, said[-1] if said else "")
    of = {"tool": AUDIT_TOOLS[0], "lock_sha256": hashlib.sha256(lock_file.read_bytes()).hexdigest()}
    record.write_text(json.dumps({**outcome, **of}, indent=1) + "\n", encoding="utf-8")
    report("audit of the dependencies: {outcome}. {detail}".format(**outcome))
    return {"none known": 0, "vulnerable": 1}.get(outcome["outcome"], NOT_ASKED)


def read_answer(answer: Path, said: str) -> dict[str, str]:
    """Return what is known of the dependencies; pip-audit writes its answer only where it has one for each of them."""
    try:
        dependencies = json.loads(answer.read_text(encoding="utf-8"))["dependencies"]
        unknown = [one["name"] for one in dependencies if "vulns" not in one]
        found = [
            "{}=={}: {}".format(one["name"], one["version"], ", ".join(each["id"] for each in one["vulns"]))
            for one in dependencies
            if one.get("vulns")
        ]
    except (OSError, ValueError, KeyError, TypeError):
        return {"outcome": "not asked", "detail": said or "pip-audit gave no answer"}
    if found:
        return {"outcome": "vulnerable", "detail": "; ".join(found)}
    if unknown or not dependencies:
        return {"outcome": "not asked", "detail": "no answer for " + (", ".join(unknown) or "any dependency")}
    return {"outcome": "none known", "detail": f"{len(dependencies)} dependencies were asked about"}


def require_python() -> None:
    """Continue under Python 3.11 or newer: this one, or another one on PATH."""
    if sys.version_info[:2] >= OLDEST:
        return
    for minor in (13, 12, 11):
        newer = shutil.which(f"python3.{minor}")
        if newer and succeeds([newer, "-c", ""]):
            os.execv(newer, [newer, str(Path(__file__).resolve()), *sys.argv[1:]])  # noqa: S606 - no shell is meant
    raise Stop(
        f"Headland needs Python 3.11 or newer, and this is {version()}. Install a newer one and name it, "
        "as in `python3.13 bootstrap.py run` or `make run PYTHON=python3.13`"
    )


def require_real_data() -> None:
    """Check that HEADLAND_REAL_DATA names a folder."""
    folder = os.environ.get("HEADLAND_REAL_DATA", "")
    if not folder or not Path(folder).is_dir():
        raise Stop("HEADLAND_REAL_DATA names no folder of real logs and tables: HEADLAND_REAL_DATA=FOLDER make accept")
    os.environ["HEADLAND_REAL_DATA"] = str(Path(folder).resolve())


def set_up(lock_name: str) -> None:
    """Install `requirements/<lock_name>.lock` into `.venv` where it is not installed."""
    if is_ready(lock_name):
        return
    with one_at_a_time():
        if is_ready(lock_name):  # another call has installed it meanwhile
            return
        if HALF_DONE.exists() or not PYTHON.exists() or not is_of_this_python():
            make_venv()
        HALF_DONE.touch()
        started_s = time.monotonic()
        report(f"installing requirements/{lock_name}.lock into .venv (once; a minute or two on a slow connection)")
        install(REQUIREMENTS / f"{lock_name}.lock")
        write_stamp(lock_name)
        HALF_DONE.unlink()
        report(f"ready after {time.monotonic() - started_s:.0f} s")


def is_ready(lock_name: str) -> bool:
    """Return whether `.venv` was made by this Python and has this lock installed."""
    stamp = read_stamp()
    same = stamp.get("made_by") == made_by() and stamp.get(lock_name) == digest(lock_name)
    return same and PYTHON.exists() and not HALF_DONE.exists()


def is_of_this_python() -> bool:
    """Return whether the venv has this Python's minor version and, if made by this program, this path."""
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
    """Return what a venv depends on: Python's minor version, and its path (it has absolute paths)."""
    return [version(), str(ROOT)]


def version() -> str:
    """Return the minor version of this Python, as "3.13"."""
    return "{}.{}".format(*sys.version_info[:2])


def digest(lock_name: str) -> str:
    """Return a digest of the files that determine the installation."""
    files = [REQUIREMENTS / f"{lock_name}.lock", ROOT / "pyproject.toml"]
    missing = next((file for file in files if not file.exists()), None)
    if missing:
        raise Stop(f"{missing.relative_to(ROOT)} is missing: this checkout is not complete")
    return hashlib.sha256(b"\0".join(file.read_bytes() for file in files)).hexdigest()


def read_stamp() -> dict[str, object]:
    """Return the record of the installation; empty without one."""
    try:
        stamp = json.loads(STAMP.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return stamp if isinstance(stamp, dict) else {}


def write_stamp(lock_name: str) -> None:
    """Record that a lock is installed; the dev lock includes the run lock at the same versions."""
    dev_too = lock_name == "dev" or read_stamp().get("dev") == digest("dev")
    installed = ["run", "dev"] if dev_too else ["run"]
    half = STAMP.with_suffix(".new")
    half.write_text(json.dumps({"made_by": made_by(), **{name: digest(name) for name in installed}}), encoding="utf-8")
    half.replace(STAMP)


def make_venv() -> None:
    """Create an empty `.venv` of this Python; replaces one of another Python or path, or an incomplete one."""
    require_ensurepip()
    report(f"creating .venv with Python {version()}")
    python = base_python()
    if VENV.exists():
        shutil.rmtree(str(VENV))
    VENV.mkdir()
    HALF_DONE.touch()
    call([python, "-m", "venv", str(VENV)], "could not create .venv")


def base_python() -> str:
    """Return this Python outside of any venv: the one in `.venv` is deleted with it."""
    return sys.executable if sys.prefix == sys.base_prefix else os.path.realpath(sys.executable)


def require_ensurepip() -> None:
    """Ensure that venvs can be created: Debian and Ubuntu have a separate package for that."""
    if has_ensurepip():
        return
    package = f"python{version()}-venv"
    apt_get = shutil.which("apt-get")
    if apt_get is None:
        raise Stop(f"{sys.executable} has no ensurepip and cannot create a venv: install a complete Python")
    if os.geteuid() != 0:
        raise Stop(f"this Python cannot create a venv; run this once:\n    sudo apt-get install -y {package}")
    report(f"installing {package}, which Python needs to create a venv")
    install_line = ["env", "DEBIAN_FRONTEND=noninteractive", apt_get, "install", "-y", "-qq", package]
    if not succeeds(install_line):
        succeeds([apt_get, "update", "-qq"])
        subprocess.call(install_line, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    if not has_ensurepip():
        raise Stop(f"could not install {package}: install it manually and try again")


def has_ensurepip() -> bool:
    """Return whether a new process can import ensurepip: it sees new installations."""
    return succeeds([base_python(), "-c", "import ensurepip"])


def install(lock_file: Path) -> None:
    """Install a lock and then Headland with uv, or with pip where uv fails (it does not read pip's settings)."""
    locked = ["install", "--quiet", "--require-hashes", "-r", str(lock_file)]
    itself = ["install", "--quiet", "--no-deps", "--no-build-isolation", "-e", "."]
    try:
        uv = [str(install_uv()), "pip"]
        for line in (locked, itself):
            call([*uv, line[0], "--python", str(PYTHON), *line[1:]], "uv could not install")
    except Stop as stop:
        report(f"{stop}; trying pip")
        for line in (locked, itself):
            call([str(PYTHON), "-m", "pip", *line], "could not install; check the network connection")


def install_uv() -> Path:
    """Install the pinned uv into the venv where it is missing; return its path."""
    uv = VENV / "bin" / "uv"
    if not uv.exists():
        pip = [str(PYTHON), "-m", "pip"]
        if not succeeds([*pip, "--version"]):
            call([str(PYTHON), "-m", "ensurepip"], "could not install pip into .venv")
        lock_file = REQUIREMENTS / "installer.lock"
        call([*pip, "install", "--quiet", "--require-hashes", "-r", str(lock_file)], "pip could not install uv")
    return uv


def check() -> int:
    """Run all checks, also after a failure; return 1 if one failed."""
    failed = []
    for line in CHECKS:
        report(" ".join(line))
        if subprocess.call([str(VENV / "bin" / line[0]), *line[1:]], cwd=str(ROOT), env=environment()) != 0:
            failed.append(" ".join(line))
    print("headland: " + ("failed: " + "; ".join(failed) if failed else "all checks passed"), flush=True)
    return 1 if failed else 0


def lock(arguments: list[str]) -> int:
    """Pin all dependencies again (`-- --upgrade` updates them), for all platforms and Pythons, without host names."""
    if not PYTHON.exists():
        make_venv()
    compile_line = [str(install_uv()), "pip", "compile", "--quiet", "--universal", "--python-version", "3.11"]
    # One version of each package for all Pythons: a test result then applies to all of them.
    compile_line += ["--fork-strategy", "fewest"]
    compile_line += ["--generate-hashes", "--no-annotate", "--no-header", *arguments]
    in_run = ["--extra", "all", "--extra", "docs"]  # docs: `make run` builds the help pages
    # What Debian's package of a gateway holds; numpy and pyproj, which read PX4's logs and projected shapefiles
    # only, are Debian's own there.
    in_gateway = ["--extra", "edge", "--extra", "logs", "--no-emit-package", "numpy", "--no-emit-package", "pyproj"]
    for name, sources in {
        "installer": ["requirements/installer.in"],
        "dev": ["pyproject.toml", "--extra", "dev"],
        "run": ["pyproject.toml", "requirements/build.in", *in_run, "-c", "requirements/dev.lock"],
        "gateway": ["pyproject.toml", *in_gateway, "-c", "requirements/dev.lock"],
    }.items():
        report(f"pinning requirements/{name}.lock")
        call([*compile_line, *sources, "-o", f"requirements/{name}.lock"], f"could not pin {name}.lock")
    return 0


def begin_help() -> None:
    """Build the help pages in a process of their own where their sources have changed: no farm waits for them."""
    if is_help_current():
        return
    report("building the help pages beside the farm (once after a change)")
    line = [str(PYTHON), "-c", "import os, bootstrap; os.nice(19); bootstrap.refresh_help()"]
    subprocess.Popen(line, cwd=str(ROOT), env=environment(), stdin=subprocess.DEVNULL, start_new_session=True)


def refresh_help() -> None:
    """Build the help pages where their sources have changed; a failure is reported and stops nothing."""
    if not is_help_current() and build_help(["--quiet"]) != 0:
        report("the help pages could not be built: `make docs` shows why")


def is_help_current() -> bool:
    """Return whether the help pages were built from the present sources."""
    stamp = HELP / "sources.sha256"
    return stamp.exists() and stamp.read_text(encoding="utf-8") == help_digest()


def build_help(arguments: list[str]) -> int:
    """Build the help pages into build/help, with warnings as errors; return the exit status.

    The pages that are there are read until the new ones are complete.
    """
    sources, made = help_digest(), HELP.with_name("help.new")
    line = [str(PYTHON), "-m", "mkdocs", "build", "--strict", "--site-dir", str(made), *arguments]
    status = subprocess.call(line, cwd=str(ROOT), env={**environment(), "NO_MKDOCS_2_WARNING": "1"})
    if status == 0 and made.is_dir():  # elsewhere by an option of the caller
        (made / "sources.sha256").write_text(sources, encoding="utf-8")
        shutil.rmtree(str(HELP), ignore_errors=True)
        made.replace(HELP)
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
    """Replace this process by the venv's Python with these arguments; does not return."""
    sys.stdout.flush()
    os.execve(str(PYTHON), [str(PYTHON), *line], environment())  # noqa: S606 - no shell is meant


def succeeds(line: list[str]) -> bool:
    """Run a command without output; return whether it succeeded."""
    quiet = subprocess.DEVNULL
    return subprocess.call(line, stdin=quiet, stdout=quiet, stderr=quiet) == 0


def call(line: list[str], what_failed: str) -> None:
    """Run a command in the root folder with progress reports; raises Stop when it fails."""
    started_s = time.monotonic()
    with subprocess.Popen(line, cwd=str(ROOT), stdin=subprocess.DEVNULL, env=environment()) as process:
        while True:
            try:
                status = process.wait(REPORT_EVERY_S)
                break
            except subprocess.TimeoutExpired:
                report(f"still running after {time.monotonic() - started_s:.0f} s")
    if status != 0:
        raise Stop(what_failed)


def environment() -> dict[str, str]:
    """Return the environment for the venv's programs, without PYTHONPATH (set by ROS, for example).

    PYTHONDONTWRITEBYTECODE, which container images set, is removed, too: without compiled modules a station needs twice
    the time to start. Git ignores the `__pycache__` folders, and `make clean` deletes them.
    """
    unwanted = ("PYTHONPATH", "PYTHONHOME", "PYTHONDONTWRITEBYTECODE")
    environ = {name: value for name, value in os.environ.items() if name not in unwanted}
    environ.update({"PIP_USER": "0", "PIP_DISABLE_PIP_VERSION_CHECK": "1"})
    environ.setdefault("UV_SYSTEM_CERTS", "true")  # as pip does: includes a company's own certificates
    home = environ.get("HOME", "")
    if "UV_CACHE_DIR" not in environ and not (home and os.access(home, os.W_OK)):
        environ["UV_NO_CACHE"] = "1"
    return environ


@contextlib.contextmanager
def one_at_a_time() -> Iterator[None]:
    """Hold the installation lock of the checkout: one call at a time installs into the venv."""
    import fcntl

    (ROOT / "build").mkdir(exist_ok=True)
    with (ROOT / "build" / "setup.lock").open("w", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            report("waiting for another installation in this checkout")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def report(sentence: str) -> None:
    """Print a progress message."""
    print(f"headland: {sentence}", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
