"""Files of a release: `make release` builds them into build/release; with a tag it checks first that they belong to it.

Wheel and source, Debian's packages of a gateway, the bill of materials, the notices of others' work, what is known of
vulnerabilities, and SHA256SUMS over all of them; docs/how-to/verify-a-release.md says how they are checked. The
workflow `release` calls the same on a tag, and has the files signed by the identity of that run (Sigstore). With
`--key` an SSH key signs SHA256SUMS, where no such identity is to be had.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from packaging.markers import Marker

from bootstrap import NOT_ASKED
from deploy.bill import missing_in_bill
from deploy.debian.build import PLATFORMS, ROOT, build, project_version
from deploy.notices import notices_of
from headland.network.security_txt import faults_at_release, read_fields

SUMS: Final = "SHA256SUMS"
_NOTICES: Final = "THIRD_PARTY_NOTICES.txt"
_DASHBOARD_LOCK: Final = "dashboard/package-lock.json"


class NotReleasableError(Exception):
    """What is built is no release; the sentence says why."""


def main(words: Sequence[str]) -> int:
    """Build all files; return 1 with a sentence where they are no release."""
    parser = argparse.ArgumentParser(prog="make release", description=__doc__)
    parser.add_argument("--tag", help="tag that is released, as v0.1.0; without it this is a rehearsal")
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "release")
    parser.add_argument("--key", type=Path, help="SSH key that signs SHA256SUMS into SHA256SUMS.sig")
    parser.add_argument(
        "--unaudited", action="store_true", help="release although nobody could be asked for known vulnerabilities"
    )
    asked = parser.parse_args(words)
    version = project_version(ROOT)
    try:
        if asked.tag is not None:
            check_tag(asked.tag, version, _text("CHANGELOG.md"))
            check_security(_text("SECURITY.md"), datetime.now(UTC))
        audited = build_all(asked.out, version)
        if asked.key is not None:
            sign(asked.out / SUMS, asked.key)
    except NotReleasableError as reason:
        print(f"headland: {reason}", file=sys.stderr)
        return 1
    print((asked.out / SUMS).read_text(encoding="utf-8"), end="", flush=True)
    status, sentence = judge(audited, is_release=asked.tag is not None, may_be_unaudited=asked.unaudited)
    print(f"headland: {sentence}", file=sys.stderr)
    return status


def judge(audited: int, *, is_release: bool, may_be_unaudited: bool) -> tuple[int, str]:
    """Return the exit status and the sentence that an audit's exit status makes of files that are built."""
    if audited == 0:
        return 0, "the files are built; no vulnerability of their Python dependencies is known"
    condition = "the Python dependencies have known vulnerabilities"
    if audited == NOT_ASKED:
        condition = "no database could be asked for vulnerabilities of the Python dependencies"
    if not is_release:
        return 0, f"the files are built, but {condition}: a release would be refused (build/audit.json)"
    if audited == NOT_ASKED and may_be_unaudited:
        return 0, f"released although {condition}: the file that ends in audit.json says so"
    remedy = "where one is reached, or state it with --unaudited" if audited == NOT_ASKED else "with other versions"
    return 1, f"the files are built and are no release, because {condition} (build/audit.json): repeat it {remedy}"


def check_tag(tag: str, version: str, changelog: str) -> None:
    """Raise NotReleasableError where a tag is not the version, or the changelog has no heading for it."""
    if tag != f"v{version}":
        raise NotReleasableError(f"the tag {tag} is not the version of pyproject.toml, {version}: tag v{version}")
    if f"\n## [{version}]" not in changelog:
        raise NotReleasableError(f"CHANGELOG.md has no heading [{version}]: name what [Unreleased] brings")


def check_security(text: str, now: datetime) -> None:
    """Raise NotReleasableError where SECURITY.md states no contact that is read, or states it for another time."""
    try:
        faults = faults_at_release(read_fields(text), now)
    except ValueError as error:
        faults = [str(error)]
    if faults:
        raise NotReleasableError("; ".join(faults))


def build_all(out: Path, version: str) -> int:
    """Build every file of a release into `out`, replacing what is there; return the exit status of the audit.

    Raises NotReleasableError where the bill of materials could not be made or lacks a dependency.
    """
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    _run(sys.executable, "-m", "mkdocs", "build", "--quiet", "--strict")
    for target in ("wheel", "sdist"):
        _run(sys.executable, "-m", "hatchling", "build", "-t", target, "-d", str(out))
    for architecture in PLATFORMS:
        build(architecture, version, ROOT, out)
    made = [(ROOT / "build" / f"{name}.json", kind) for name, kind in (("sbom", "cyclonedx"), ("audit", "audit"))]
    for file, _ in made:
        file.unlink(missing_ok=True)
    audited = subprocess.call([sys.executable, "bootstrap.py", "audit"], cwd=ROOT, stdin=subprocess.DEVNULL)
    for file, kind in made:
        if not file.exists():
            raise NotReleasableError(f"{file.relative_to(ROOT)} could not be made")
        shutil.copyfile(file, out / f"headland-{version}.{kind}.json")
    check_bill(
        (ROOT / "build" / "sbom.json").read_text("utf-8"), _text("requirements/run.lock"), _text(_DASHBOARD_LOCK)
    )
    write_notices(out, version, Path(sysconfig.get_path("purelib")), ROOT / "build" / "help")
    write_sums(out)
    return audited


def pinned_here(lock: str) -> list[str]:
    """Return the names that a lock pins for this machine and Python: others, such as those of Windows, are left out."""
    pins = re.findall(r"(?m)^([A-Za-z0-9._-]+)==[^ ;\\\n]+(?: ; ([^\\\n]+))?", lock)
    return [name for name, marker in pins if not marker or Marker(marker.strip()).evaluate()]


def check_bill(bill: str, run_lock: str, dashboard_lock: str) -> None:
    """Raise NotReleasableError where a bill of materials lacks a version that one of the locks pins."""
    if missing := missing_in_bill(bill, run_lock, dashboard_lock):
        raise NotReleasableError(f"the bill of materials lacks {', '.join(missing)}")


def write_notices(out: Path, version: str, packages: Path, help_pages: Path) -> None:
    """Write the notices of all that is handed on: dashboard, help pages, and the Python packages of `run.lock`.

    `packages` is a folder where these are installed. Raises NotReleasableError where one is not, or the help pages are
    not built.
    """
    names = pinned_here(_text("requirements/run.lock"))
    try:
        pages = (help_pages / _NOTICES).read_text(encoding="utf-8")
        parts = [_text(f"api/dashboard/{_NOTICES}"), pages, notices_of(packages, names)]
    except (LookupError, FileNotFoundError) as reason:
        raise NotReleasableError(f"the notices of others' work are not complete: {reason}") from reason
    (out / f"headland-{version}.notices.txt").write_text("\n\n".join(parts), encoding="utf-8")


def sign(file: Path, key: Path) -> None:
    """Write the signature of a file by an SSH key beside it, as `ssh-keygen -Y verify -n file` checks it."""
    signature = file.with_name(f"{file.name}.sig")
    signature.unlink(missing_ok=True)
    line = ["ssh-keygen", "-q", "-Y", "sign", "-f", str(key), "-n", "file", str(file)]
    if subprocess.call(line, stdin=subprocess.DEVNULL) != 0 or not signature.exists():
        raise NotReleasableError(f"{file.name} could not be signed with {key}")


def write_sums(folder: Path) -> None:
    """Write the SHA-256 of every file of a folder as `sha256sum --check` reads it."""
    files = sorted(path for path in folder.iterdir() if path.is_file() and not path.name.startswith(SUMS))
    lines = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in files]
    (folder / SUMS).write_text("".join(lines), encoding="utf-8")


def _text(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def _run(*line: str) -> None:
    subprocess.run(line, cwd=ROOT, check=True, stdin=subprocess.DEVNULL)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
