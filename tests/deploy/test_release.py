"""A release: only of the tag that the version and the changelog name, with sums that sha256sum reads."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from deploy.release import NotReleasableError, check_tag, write_sums
from tests.floors.modules import ROOT


@pytest.mark.parametrize(
    ("tag", "changelog", "sentence"),
    [
        ("v1.2.4", "\n## [1.2.3]\n", "tag v1.2.3"),
        ("1.2.3", "\n## [1.2.3]\n", "tag v1.2.3"),
        ("v1.2.3", "\n## [Unreleased]\n", "no heading"),
        ("v1.2.3", "\n## [1.2.30]\n", "no heading"),
    ],
)
def test_another_tag_or_a_changelog_without_it_is_refused(tag: str, changelog: str, sentence: str) -> None:
    with pytest.raises(NotReleasableError, match=sentence):
        check_tag(tag, "1.2.3", changelog)


def test_the_tag_of_the_version_is_released() -> None:
    check_tag("v1.2.3", "1.2.3", "# Changelog\n\n## [1.2.3] - 2026-12-01\n")


def test_sha256sum_checks_the_sums_of_every_file(tmp_path: Path) -> None:
    (tmp_path / "a.whl").write_bytes(b"one")
    (tmp_path / "b.deb").write_bytes(b"two")
    write_sums(tmp_path)
    write_sums(tmp_path)
    check = ["sha256sum", "--check", "--strict", "SHA256SUMS"]
    done = subprocess.run(check, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "a.whl: OK\nb.deb: OK\n")
    (tmp_path / "b.deb").write_bytes(b"other")
    assert subprocess.run(check, cwd=tmp_path, capture_output=True, check=False).returncode == 1


def test_the_workflows_call_targets_of_the_makefile() -> None:
    targets = set(re.findall(r"(?m)^([a-z-]+): ##", (ROOT / "Makefile").read_text(encoding="utf-8")))
    texts = [path.read_text(encoding="utf-8") for path in (ROOT / ".github" / "workflows").glob("*.yml")]
    called = {name for text in texts for name in re.findall(r"(?m)run: make ([a-z-]+)", text)}
    assert {"check", "test", "release"} <= called
    assert called <= targets
