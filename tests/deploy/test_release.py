"""A release: only of the tag that the version and the changelog name, with sums that sha256sum reads."""

from __future__ import annotations

import json
import re
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest

from bootstrap import NOT_ASKED, read_answer
from deploy.bill import add_dashboard
from deploy.release import NotReleasableError, check_bill, check_security, check_tag, judge, sign, write_sums
from headland.network.security_txt import read_fields
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


def test_a_contact_that_is_nobodys_or_another_year_is_no_release() -> None:
    text = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    fields = read_fields(text)
    named = re.sub(r"(?m)^Contact: .*$", "Contact: mailto:security@farm.example", text)
    check_security(named, fields.expires - timedelta(days=1))
    for now in (fields.expires, fields.expires + timedelta(seconds=1), fields.expires - timedelta(days=367)):
        with pytest.raises(NotReleasableError, match="not within a year"):
            check_security(named, now)
    for nobody in ("mailto:a@b.invalid", "https://b.invalid/report", "mailto:a@b.invalid?subject=x"):
        with pytest.raises(NotReleasableError, match="nobody's"):
            check_security(re.sub(r"(?m)^Contact: .*$", f"Contact: {nobody}", text), fields.expires - timedelta(days=1))
    for line in ("Contact", "Expires", "Preferred-Languages"):
        with pytest.raises(NotReleasableError, match="needs one block"):
            check_security(re.sub(rf"(?m)^{line}: .*\n", "", text), fields.expires - timedelta(days=1))


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


@pytest.mark.services("ssh-keygen")
def test_the_sums_are_signed_and_a_changed_file_of_sums_is_not(tmp_path: Path) -> None:
    key, sums = tmp_path / "key", tmp_path / "SHA256SUMS"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    (tmp_path / "signers").write_text(f"releases@farm {key.with_suffix('.pub').read_text()}", encoding="utf-8")
    sums.write_text("what is released\n", encoding="utf-8")
    for _ in range(2):  # a second signature replaces the first
        sign(sums, key)
    check = ["ssh-keygen", "-Y", "verify", "-f", str(tmp_path / "signers"), "-I", "releases@farm", "-n", "file"]
    check += ["-s", f"{sums}.sig"]
    for text, status in ((sums.read_bytes(), 0), (b"something else\n", 255)):
        assert subprocess.run(check, input=text, capture_output=True, check=False).returncode == status
    with pytest.raises(NotReleasableError, match="could not be signed"):
        sign(sums, tmp_path / "no-key")
    assert not Path(f"{sums}.sig").exists()


def test_a_signature_is_not_among_the_files_whose_sums_it_signs(tmp_path: Path) -> None:
    (tmp_path / "a.whl").write_bytes(b"one")
    (tmp_path / "SHA256SUMS.sig").write_bytes(b"signature")
    write_sums(tmp_path)
    assert [line.split()[1] for line in (tmp_path / "SHA256SUMS").read_text("utf-8").splitlines()] == ["a.whl"]


@pytest.mark.parametrize(
    ("audited", "is_release", "may_be_unaudited", "status", "sentence"),
    [
        (0, True, False, 0, "no vulnerability of their Python dependencies is known"),
        (1, True, False, 1, "are no release, because the Python dependencies have known vulnerabilities"),
        (1, True, True, 1, "are no release, because the Python dependencies have known vulnerabilities"),
        (1, False, False, 0, "a release would be refused"),
        (NOT_ASKED, True, False, 1, "no database could be asked .* state it with --unaudited"),
        (NOT_ASKED, True, True, 0, "released although no database could be asked"),
        (NOT_ASKED, False, False, 0, "no database could be asked .* a release would be refused"),
        (2, True, True, 1, "known vulnerabilities"),
    ],
)
def test_an_audit_that_nobody_answered_is_said_and_refuses_a_release_unless_stated(
    audited: int, is_release: bool, may_be_unaudited: bool, status: int, sentence: str
) -> None:
    judged, said = judge(audited, is_release=is_release, may_be_unaudited=may_be_unaudited)
    assert judged == status
    assert re.search(sentence, said)


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (None, "not asked"),
        ("", "not asked"),
        ("[]", "not asked"),
        ('{"dependencies": []}', "not asked"),
        (
            '{"dependencies": [{"name": "a", "version": "1", "vulns": []}, {"name": "b", "skip_reason": "none"}]}',
            "not asked",
        ),
        ('{"dependencies": [{"name": "a", "version": "1", "vulns": []}]}', "none known"),
        ('{"dependencies": [{"name": "a", "version": "1", "vulns": [{"id": "CVE-1"}]}, {"name": "b"}]}', "vulnerable"),
    ],
)
def test_no_answer_about_a_dependency_is_never_read_as_none_known(
    tmp_path: Path, answer: str | None, outcome: str
) -> None:
    if answer is not None:
        (tmp_path / "answer.json").write_text(answer, encoding="utf-8")
    assert read_answer(tmp_path / "answer.json", "ERROR: no connection")["outcome"] == outcome


def test_a_bill_that_lacks_what_the_lock_pins_is_refused() -> None:
    lock = 'one==1.0 \\\n    --hash=sha256:00\nTwo_x==2.0 ; python_version < "3.12" \\\n    --hash=sha256:11\n'
    billed = [{"name": "one", "version": "1.0"}, {"name": "two_x", "version": "2.0"}]
    page = json.dumps(
        {
            "packages": {
                "": {"name": "dashboard", "version": "0"},
                "node_modules/@a/b": {"version": "3.0", "integrity": "sha512-AAAA", "license": "MIT"},
                "node_modules/c": {"version": "4.0", "dev": True},
            }
        }
    )
    both = add_dashboard(json.dumps({"components": billed}), page)
    assert json.loads(both)["components"][-1]["purl"] == "pkg:npm/%40a/b@3.0"
    assert add_dashboard(both, page) == both
    check_bill(both, lock, page)
    with pytest.raises(NotReleasableError, match=r"lacks @a/b==3\.0$"):
        check_bill(json.dumps({"components": billed}), lock, page)
    for lacking in (billed[:1], [billed[0], {"name": "Two_x", "version": "2.1"}]):
        with pytest.raises(NotReleasableError, match=r"lacks Two_x==2\.0$"):
            check_bill(add_dashboard(json.dumps({"components": lacking}), page), lock, page)


def test_the_workflows_call_targets_of_the_makefile() -> None:
    targets = set(re.findall(r"(?m)^([a-z-]+): ##", (ROOT / "Makefile").read_text(encoding="utf-8")))
    texts = [path.read_text(encoding="utf-8") for path in (ROOT / ".github" / "workflows").glob("*.yml")]
    called = {name for text in texts for name in re.findall(r"(?m)run: make ([a-z-]+)", text)}
    assert {"check", "test", "release"} <= called
    assert called <= targets
