"""The page "Verify a release": its commands, as they stand there, find one changed byte in any file of a release.

The files are built here: wheel and source as `make release` does, Debian's packages by the same steps with the library
of the wheel alone, because nothing is downloaded. With `HEADLAND_RELEASE` the files of a complete `make release` in
that folder are taken instead.
"""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.bill import add_dashboard
from deploy.debian.build import LIBRARY, PLATFORMS, merge, pack, project_version
from deploy.release import SUMS, check_bill, pinned_here, sign, write_notices, write_sums
from docs.generator import theme_notices
from tests.docs.pages import DOCS, RUN_RELEASE, blocks_of
from tests.floors.modules import ROOT

pytestmark = [pytest.mark.services("ssh-keygen", "dpkg-deb"), pytest.mark.long]

PAGE = DOCS / "how-to" / "verify-a-release.md"
COMMANDS = [block.text for block in blocks_of(PAGE) if block.mark == RUN_RELEASE]
SIGNATURE, WHOLE, ONE_FILE, SOURCE, CONTENT = COMMANDS
RUN_LOCK = (ROOT / "requirements" / "run.lock").read_text(encoding="utf-8")
PAGE_LOCK = (ROOT / "dashboard" / "package-lock.json").read_text(encoding="utf-8")


def build(out: Path, work: Path) -> None:
    version = project_version(ROOT)
    line = [sys.executable, "-m", "hatchling", "build", "-d", str(out)]
    subprocess.run(line, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = out.glob("*.whl")
    part = work / "part"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(part)
    share = part / f"headland-{version}.data" / "data" / "share"
    for architecture in PLATFORMS:
        tree = work / architecture
        merge(part, tree / LIBRARY)
        pack(tree, share, architecture, version, out, 0)
    pins = re.findall(r"(?m)^([A-Za-z0-9._-]+)==([^ ;\\\n]+)", RUN_LOCK)
    python = [{"type": "library", "name": name, "version": pin, "purl": f"pkg:pypi/{name}@{pin}"} for name, pin in pins]
    bill = add_dashboard(json.dumps({"components": python}), PAGE_LOCK)
    (out / f"headland-{version}.cyclonedx.json").write_text(bill, encoding="utf-8")
    (out / f"headland-{version}.audit.json").write_text('{"outcome": "not asked"}\n', encoding="utf-8")
    pages = work / "help"
    (pages / "assets" / "javascripts").mkdir(parents=True)
    theme_notices.write_notices(pages)
    write_notices(out, version, Path(sysconfig.get_path("purelib")), pages)


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder, work = tmp_path_factory.mktemp("release"), tmp_path_factory.mktemp("work")
    if made := os.environ.get("HEADLAND_RELEASE"):
        shutil.copytree(made, folder, dirs_exist_ok=True)
    else:
        build(folder, work)
        write_sums(folder)
    key = work / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    sign(folder / SUMS, key)
    (folder / "allowed_signers").write_text(f"releases@headland {key.with_suffix('.pub').read_text()}", "utf-8")
    return folder


@pytest.fixture
def folder(released: Path, tmp_path: Path) -> Iterator[Path]:
    """A copy of the release, as it was downloaded."""
    made = tmp_path / "downloaded"
    shutil.copytree(released, made)
    yield made
    shutil.rmtree(made)


def run(folder: Path, *commands: str) -> subprocess.CompletedProcess[str]:
    script = "".join(commands)
    return subprocess.run(["bash", "-e"], input=script, cwd=folder, capture_output=True, text=True, check=False)


def test_what_was_released_passes_every_command_of_the_page(folder: Path) -> None:
    done = run(folder, *COMMANDS)
    assert done.returncode == 0, done.stdout + done.stderr
    files = {path.name for path in folder.iterdir() if path.is_file()} - {SUMS, f"{SUMS}.sig", "allowed_signers"}
    assert {name for name in files if f"{name}: OK" in done.stdout} == files
    kinds = (".whl", ".tar.gz", "_amd64.deb", "_arm64.deb", ".cyclonedx.json", ".notices.txt", ".audit.json")
    assert sorted(kind for kind in kinds for name in files if name.endswith(kind)) == sorted(kinds)
    assert len(files) == len(kinds)


def test_one_changed_byte_of_any_file_is_found(folder: Path) -> None:
    dice = random.Random(9)
    for path in sorted(path for path in folder.iterdir() if path.is_file() and path.name != "allowed_signers"):
        whole = path.read_bytes()
        # Of the signature not its armour: a line end more there leaves the signature what it is.
        end = len(whole) - 1 if path.suffix != ".sig" else len(whole) // 2
        for at in (end, dice.randrange(len(whole) // 3, 2 * len(whole) // 3)):
            changed = bytearray(whole)
            changed[at] ^= 1
            path.write_bytes(changed)
            done = run(folder, SIGNATURE, WHOLE)
            assert done.returncode != 0, (path.name, at)
            if not path.name.startswith(SUMS):
                assert f"{path.name}: FAILED" in done.stdout
        path.write_bytes(whole)
    assert run(folder, SIGNATURE, WHOLE).returncode == 0


def test_a_cut_a_missing_and_an_exchanged_file_are_found(folder: Path) -> None:
    amd64, arm64 = sorted(folder.glob("*.deb"))
    whole = arm64.read_bytes()
    for content in (whole[:-1], whole + b"\0", b"", amd64.read_bytes()):
        arm64.write_bytes(content)
        assert run(folder, SIGNATURE, WHOLE).returncode != 0
        assert run(folder, SIGNATURE, ONE_FILE).returncode != 0
    arm64.unlink()
    for command in (WHOLE, ONE_FILE):
        assert run(folder, SIGNATURE, command).returncode != 0


def test_sums_that_somebody_else_signed_are_refused(folder: Path, tmp_path: Path) -> None:
    (changed,) = folder.glob("*.whl")
    changed.write_bytes(b"another wheel")
    signers = (folder / "allowed_signers").rename(tmp_path / "allowed_signers")
    write_sums(folder)
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / "other")], check=True)
    sign(folder / SUMS, tmp_path / "other")
    signers.rename(folder / "allowed_signers")
    assert run(folder, WHOLE).returncode == 0
    assert run(folder, SIGNATURE, WHOLE).returncode != 0


def test_one_file_is_checked_without_the_others(folder: Path) -> None:
    for path in [*folder.glob("*.whl"), *folder.glob("*.tar.gz"), *folder.glob("*_amd64.deb")]:
        path.unlink()
    assert run(folder, SIGNATURE, ONE_FILE).returncode == 0


def test_bill_and_notices_name_every_package_of_python_and_of_the_page(released: Path) -> None:
    (bill,), (notices,) = released.glob("*.cyclonedx.json"), released.glob("*.notices.txt")
    check_bill(bill.read_text("utf-8"), RUN_LOCK, PAGE_LOCK)
    text = notices.read_text("utf-8").lower().replace("_", "-")
    shipped = [
        path.rpartition("node_modules/")[2]
        for path, about in json.loads(PAGE_LOCK)["packages"].items()
        if path and not about.get("dev")
    ]
    everywhere = re.findall(r"(?m)^([A-Za-z0-9._-]+)==", RUN_LOCK)
    pinned = pinned_here(RUN_LOCK)
    assert {"pywin32", "httpx2-jsfetch"} >= set(everywhere) - set(pinned) - {"wait-for2"}  # Windows and browsers alone
    assert [name for name in [*shipped, *pinned] if f"\n{name.lower().replace('_', '-')} " not in text] == []
    assert "mkdocs-material" in text


def test_the_source_has_what_the_image_is_built_from(released: Path) -> None:
    (source,) = released.glob("*.tar.gz")
    with tarfile.open(source) as archive:
        names = {member.name.partition("/")[2] for member in archive.getmembers()}
    docker = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    copied = {name for line in re.findall(r"(?m)^COPY (?!--from)(.+) \S+$", docker) for name in line.split()}
    assert {name for name in copied if not any(each == name or each.startswith(f"{name}/") for each in names)} == set()
    assert {"Dockerfile", "docker-compose.yml", "requirements/run.lock", "SECURITY.md"} <= names


def test_the_workflow_attests_every_file_that_the_page_lists() -> None:
    workflow = (ROOT / ".github" / "workflows" / "release.yml").read_text(encoding="utf-8")
    attested = re.search(r"attest-build-provenance@\w+.*\n\s+with:\n\s+subject-path: (\S+)", workflow)
    assert attested is not None
    assert attested[1] == "build/release/*"
    assert "gh attestation verify SHA256SUMS" in PAGE.read_text(encoding="utf-8")
