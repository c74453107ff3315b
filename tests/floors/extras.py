"""Install each extra alone in a clean venv and import each module of its part: `make extras`; then the lowest versions.

The versions are those of requirements/run.lock, so that this checks what is declared, not what is new today. Slow, and
needs the network: no part of `make test`.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tests.floors import lowest
from tests.floors.modules import ROOT, loaded_by, modules_of

UV: Final = Path(sys.executable).parent / "uv"
BUILD: Final = ROOT / "build" / "extras"
LOCK: Final = ROOT / "requirements" / "run.lock"
SCRIPT: Final = "import sys; from station.cli.main import main; sys.argv = ['headland', *{words!r}]; main()"

#: Each extra: the packages that must import with nothing else there, and a command line that must work.
EXTRAS: Final[dict[str, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    "edge": (("edge", "headland.contract"), ("edge", "check", "--help")),
    "opcua": (("edge", "headland.contract"), ("edge", "check", "-c", str(ROOT / "edge" / "samples" / "opcua.toml"))),
    "bacnet": (("edge", "headland.contract"), ("edge", "check", "-c", str(ROOT / "edge" / "samples" / "bacnet.toml"))),
    "ingest": (("ingest", "headland.store", "headland.contract"), ("--help",)),
    "api": (("api", "headland.analysis", "headland.formats", "headland.store", "headland.registry"), ("--help",)),
    "ingest,api": (("station.server",), ("ingest", "run", "--help")),
    "reports": (("headland.reports",), ("--help",)),
    "proof": (("headland.proof",), ("verify", "--help")),
    "otel": (("headland.runtime.tracing",), ("--help",)),
    "client": (("headland.client", "headland.contract"), ("--help",)),
    "mcp": (("headland.client", "headland.contract"), ("mcp", "--help")),
    "sim": (("firmware_sim",), ("sim", "drone", "--help")),
    "all": (("station", "edge", "ingest", "api", "firmware_sim", "headland"), ("up", "--help")),
}

#: Libraries that the part of an extra imports only where a setting asks for them.
LATE: Final = {"opcua": ("asyncua",), "bacnet": ("bacpypes3",)}

#: The name of the farm on the lowest versions, beside those of extras.
LOWEST: Final = "lowest"
#: Engines that need more than the parts which use them: those parts load them only when a URL names them.
ENGINES: Final = ("headland.store.influx", "headland.store.victoria", "headland.store.server")


def main(wanted: Sequence[str]) -> int:
    """Check the extras asked for, or all of them; return 1 when one is not enough for its part."""
    failed = [extra for extra in wanted or EXTRAS if extra != LOWEST and not check(extra)]
    shutil.rmtree(BUILD, ignore_errors=True)
    if (not wanted or LOWEST in wanted) and lowest.main() != 0:
        failed.append(LOWEST)
    if failed:
        print(f"these extras are not enough for their part: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


def check(extra: str) -> bool:
    """Make a venv with the extra alone; tell whether its part imports and its command answers there."""
    packages, words = EXTRAS[extra]
    venv = BUILD / extra
    python = venv / "bin" / "python"
    BUILD.mkdir(parents=True, exist_ok=True)
    run(UV, "venv", "--quiet", "--clear", "--python", sys.executable, venv)
    run(UV, "pip", "install", "--quiet", "--python", python, "--constraint", LOCK, f"{ROOT}[{extra}]")
    names = [name for package in packages for name in modules_of(package)]
    if extra != "otel":
        names = [name for name in names if name != "headland.runtime.tracing.otlp"]
    if extra not in {"all", "mcp"}:
        names = [name for name in names if name != "headland.client.ask.server"]
    if extra != "all":
        names = [name for name in names if not name.startswith(ENGINES)]
    try:
        loaded = loaded_by(*names, *LATE.get(extra, ()), python=str(python))
        run(python, "-I", "-c", SCRIPT.format(words=list(words)))
    except (AssertionError, subprocess.CalledProcessError) as problem:
        print(f"{extra}: {problem}", file=sys.stderr)
        return False
    listed = subprocess.run(
        [UV, "pip", "list", "--quiet", "--python", python], capture_output=True, text=True, check=True
    )
    print(
        f"{extra:<8} {len(names):>3} modules, {len(loaded):>3} loaded, {len(listed.stdout.splitlines()) - 2} packages"
    )
    return True


def run(*line: str | Path) -> None:
    """Run a command without its output; raises CalledProcessError after showing what it said."""
    done = subprocess.run(line, cwd=BUILD.parent, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        print(done.stdout + done.stderr, file=sys.stderr)
        done.check_returncode()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
