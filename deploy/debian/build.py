"""Build of Debian's package of a gateway: `make deb`, or `make deb ARGS="--architecture arm64"` for another machine.

One package serves each Python of Debian 12 and 13 and of Ubuntu 24.04: their compiled modules have different names and
lie side by side. It is put together from wheels and a lock with hashes, so it is built for any architecture on any.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from deploy.notices import notices_of

ROOT: Final = Path(__file__).resolve().parents[2]
PYTHONS: Final = ("3.11", "3.12", "3.13")
#: Debian's name of an architecture, and that of uv for the oldest glibc of these systems (Debian 12 has 2.36).
PLATFORMS: Final = {"amd64": "x86_64-manylinux_2_34", "arm64": "aarch64-manylinux_2_34"}
PACKAGE: Final = "headland-gateway"
LIBRARY: Final = Path("usr/lib") / PACKAGE
UNIT: Final = "headland-edge.service"
_HERE: Final = Path(__file__).parent
#: A gateway serves no page; wheels bring programs of their own, and files that name the Python that installed them.
_LEFT_OUT: Final = ("bin/", "api/dashboard/", "api/help/", "share/")
_OF_AN_INSTALLATION: Final = ("RECORD", "WHEEL", "INSTALLER", "REQUESTED", "direct_url.json", "uv_cache.json")


class DifferentFilesError(Exception):
    """Wheels of one distribution for two Pythons differ in more than their compiled modules."""


def main(words: Sequence[str]) -> int:
    """Build the package that the words ask for; print its path."""
    parser = argparse.ArgumentParser(prog="make deb", description=__doc__)
    parser.add_argument("--architecture", choices=PLATFORMS, default="amd64")
    parser.add_argument("--version", help="version of the package; default: the project's")
    parser.add_argument("--source", type=Path, default=ROOT, help="checkout whose Headland is packed")
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "deb")
    asked = parser.parse_args(words)
    print(build(asked.architecture, asked.version or project_version(asked.source), asked.source, asked.out))
    return 0


def build(architecture: str, version: str, source: Path, out: Path) -> Path:
    """Return the path of the package of `source` for one architecture, written into `out`."""
    work = out / f"work-{architecture}"
    shutil.rmtree(work, ignore_errors=True)
    tree, wheels = work / "tree", work / "wheels"
    _run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(wheels), folder=source)
    wheel = next(wheels.glob("headland-*.whl"))
    for python in PYTHONS:
        part = work / python
        _install(part, python, PLATFORMS[architecture], wheel)
        merge(part, tree / LIBRARY)
    package = pack(tree, work / PYTHONS[0] / "share", architecture, version, out, _commit_time_s(source))
    shutil.rmtree(work)
    return package


def pack(tree: Path, share: Path, architecture: str, version: str, out: Path, time_s: int) -> Path:
    """Return the path of the package of a library in `tree`, with manual and completion of `share`, dated `time_s`."""
    for path, text in own_files(version, share, notices_of(tree / LIBRARY)).items():
        _write(tree / path, text)
    (tree / "usr/bin/headland").chmod(0o755)
    rtupdate = tree / "usr/share/python3/runtime.d" / f"{PACKAGE}.rtupdate"
    rtupdate.chmod(0o755)
    sizes = [path.stat().st_size for path in tree.rglob("*") if path.is_file()]
    _write_control(tree, version, architecture, sum(sizes) // 1024)
    package = out / f"{PACKAGE}_{version}_{architecture}.deb"
    epoch = {"SOURCE_DATE_EPOCH": str(time_s)}
    _run("dpkg-deb", "--root-owner-group", "--build", "-Zxz", str(tree), str(package), folder=ROOT, **epoch)
    return package


def merge(part: Path, whole: Path) -> None:
    """Add the modules for one Python to those for others; raises DifferentFilesError where they cannot lie together."""
    for file in sorted(path for path in part.rglob("*") if path.is_file()):
        name = file.relative_to(part)
        if name.as_posix().startswith(_LEFT_OUT) or "__pycache__" in name.parts or name.name == ".lock":
            continue
        if name.parts[0].endswith(".dist-info") and (name.name in _OF_AN_INSTALLATION or "sboms" in name.parts):
            continue
        target = whole / name
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, target)
        elif target.read_bytes() != file.read_bytes():
            raise DifferentFilesError(f"{name} differs between two Pythons: it needs a folder for each")


def own_files(version: str, share: Path, notices: str) -> dict[Path, str | bytes]:
    """Return what the package holds besides the library: command, unit, manual, completion and documents.

    `notices` are those of the Python packages in the library.
    """
    documents = Path("usr/share/doc") / PACKAGE
    files: dict[Path, str | bytes] = {
        Path("usr/bin/headland"): (_HERE / "headland").read_text(encoding="utf-8"),
        Path("usr/lib/systemd/system") / UNIT: unit_text(),
        Path("usr/share/python3/runtime.d") / f"{PACKAGE}.rtupdate": (_HERE / "rtupdate").read_text(encoding="utf-8"),
        Path("usr/share/lintian/overrides") / PACKAGE: (_HERE / "lintian-overrides").read_text(encoding="utf-8"),
        documents / "copyright": (_HERE / "copyright").read_text(encoding="utf-8"),
        documents / "THIRD_PARTY_NOTICES.gz": _packed(notices.encode()),
        documents / "README.Debian": (_HERE / "README.Debian").read_text(encoding="utf-8"),
        documents / "changelog.gz": _packed(_changelog(version).encode()),
        documents / "examples/edge.toml": (ROOT / "edge" / "edge.sample.toml").read_bytes(),
    }
    for page in sorted((share / "man/man1").glob("*.1")):
        files[Path("usr/share/man/man1") / f"{page.name}.gz"] = _packed(page.read_bytes())
    bash, zsh = share / "bash-completion/completions/headland", share / "zsh/site-functions/_headland"
    if bash.exists():
        files[Path("usr/share/bash-completion/completions/headland")] = bash.read_bytes()
        files[Path("usr/share/zsh/vendor-completions/_headland")] = zsh.read_bytes()
    return files


def unit_text() -> str:
    """Return the unit of the gateway with the command where Debian's package has it."""
    text = (ROOT / "deploy/systemd" / UNIT).read_text(encoding="utf-8")
    return text.replace("/opt/headland/bin/headland", "/usr/bin/headland")


def project_version(source: Path) -> str:
    """Return the version that pyproject.toml names."""
    return str(tomllib.loads((source / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"])


def _install(folder: Path, python: str, platform: str, wheel: Path) -> None:
    """Install the lock and the wheel into a folder for a Python and a platform that this machine need not have."""
    uv = Path(sys.executable).with_name("uv")
    line = [
        str(uv),
        "pip",
        "install",
        "--quiet",
        "--target",
        str(folder),
        "--link-mode",
        "copy",
        "--no-compile-bytecode",
    ]
    line += ["--python-version", python, "--python-platform", platform]
    lock = str(ROOT / "requirements" / "gateway.lock")
    _run(*line, "--only-binary", ":all:", "--require-hashes", "--no-deps", "-r", lock, folder=ROOT)
    _run(*line, "--no-deps", str(wheel), folder=ROOT)


def _write_control(tree: Path, version: str, architecture: str, size_kib: int) -> None:
    control = (_HERE / "control").read_text(encoding="utf-8")
    for name, value in {"VERSION": version, "ARCHITECTURE": architecture, "SIZE": str(size_kib)}.items():
        control = control.replace(f"@{name}@", value)
    _write(tree / "DEBIAN/control", control)
    files = sorted(path for path in tree.rglob("*") if path.is_file() and "DEBIAN" not in path.parts)
    sums = [f"{hashlib.md5(path.read_bytes()).hexdigest()}  {path.relative_to(tree)}\n" for path in files]  # noqa: S324 - what dpkg reads
    _write(tree / "DEBIAN/md5sums", "".join(sums))
    for name in ("postinst", "prerm", "postrm"):
        _write(tree / "DEBIAN" / name, (_HERE / name).read_text(encoding="utf-8"))
        (tree / "DEBIAN" / name).chmod(0o755)


def _changelog(version: str) -> str:
    return (
        f"{PACKAGE} ({version}) unstable; urgency=medium\n\n"
        "  * See the changelog of Headland.\n\n"
        " -- Headland <headland@localhost>  Fri, 27 Nov 2026 00:00:00 +0000\n"
    )


def _packed(content: bytes) -> bytes:
    return gzip.compress(content, 9, mtime=0)


def _write(path: Path, content: str | bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)


def _commit_time_s(source: Path) -> int:
    line = ["git", "log", "-1", "--format=%ct"]
    done = subprocess.run(line, cwd=source, capture_output=True, text=True, check=False)
    return int(done.stdout or 0)


def _run(*line: str, folder: Path, **environ: str) -> None:
    """Run a program without its output, files readable by all; raises CalledProcessError after showing what it said."""
    done = subprocess.run(
        line, cwd=folder, env={**os.environ, **environ}, umask=0o022, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        print(done.stdout + done.stderr, file=sys.stderr)
        done.check_returncode()


if __name__ == "__main__":
    os.umask(0o022)
    sys.exit(main(sys.argv[1:]))
