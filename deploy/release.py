"""Files of a release: `make release` builds them into build/release; with a tag it checks first that they belong to it.

Wheel and source, Debian's packages of a gateway, the bill of materials, and SHA256SUMS over all of them. The workflow
`release` calls the same on a tag, and has the files signed by the identity of that run (Sigstore), which
`gh attestation verify FILE --repo REPOSITORY` checks.
"""

from __future__ import annotations

import argparse
import hashlib
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from deploy.debian.build import PLATFORMS, ROOT, build, project_version

SUMS: Final = "SHA256SUMS"


class NotReleasableError(Exception):
    """The checkout is not that of the tag."""


def main(words: Sequence[str]) -> int:
    """Build all files; return 1 with a sentence where the tag does not fit."""
    parser = argparse.ArgumentParser(prog="make release", description=__doc__)
    parser.add_argument("--tag", help="tag that is released, as v0.1.0; without it this is a rehearsal")
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "release")
    asked = parser.parse_args(words)
    version = project_version(ROOT)
    try:
        if asked.tag is not None:
            check_tag(asked.tag, version, (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"))
        build_all(asked.out, version, is_rehearsal=asked.tag is None)
    except NotReleasableError as reason:
        print(f"headland: {reason}", file=sys.stderr)
        return 1
    print((asked.out / SUMS).read_text(encoding="utf-8"), end="")
    return 0


def check_tag(tag: str, version: str, changelog: str) -> None:
    """Raise NotReleasableError where a tag is not the version, or the changelog has no heading for it."""
    if tag != f"v{version}":
        raise NotReleasableError(f"the tag {tag} is not the version of pyproject.toml, {version}: tag v{version}")
    if f"\n## [{version}]" not in changelog:
        raise NotReleasableError(f"CHANGELOG.md has no heading [{version}]: name what [Unreleased] brings")


def build_all(out: Path, version: str, *, is_rehearsal: bool) -> None:
    """Build every file of a release into `out`, replacing what is there.

    Raises NotReleasableError where a dependency has a known vulnerability or nobody could be asked, but in a rehearsal.
    """
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    _run(sys.executable, "-m", "mkdocs", "build", "--quiet", "--strict")
    for target in ("wheel", "sdist"):
        _run(sys.executable, "-m", "hatchling", "build", "-t", target, "-d", str(out))
    for architecture in PLATFORMS:
        build(architecture, version, ROOT, out)
    audited = subprocess.call([sys.executable, "bootstrap.py", "audit"], cwd=ROOT, stdin=subprocess.DEVNULL)
    if audited != 0:
        sentence = "the dependencies have known vulnerabilities, or the database of them cannot be reached"
        if not is_rehearsal:
            raise NotReleasableError(sentence)
        print(f"headland: {sentence}: a release would end here", file=sys.stderr)
    shutil.copyfile(ROOT / "build" / "sbom.json", out / f"headland-{version}.cyclonedx.json")
    write_sums(out)


def write_sums(folder: Path) -> None:
    """Write the SHA-256 of every file of a folder as `sha256sum --check` reads it."""
    files = sorted(path for path in folder.iterdir() if path.is_file() and path.name != SUMS)
    lines = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in files]
    (folder / SUMS).write_text("".join(lines), encoding="utf-8")


def _run(*line: str) -> None:
    subprocess.run(line, cwd=ROOT, check=True, stdin=subprocess.DEVNULL)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
