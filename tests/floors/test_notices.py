"""Notices in what is handed on, of those whose work is in it: wheel, source archive, image and Debian's package."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from deploy.notices import notices_of
from docs.generator import theme_notices
from tests.floors.modules import ROOT

NAME = "THIRD_PARTY_NOTICES.txt"
RULE = f"\n{'=' * 100}\n"


def shipped_packages() -> dict[str, str]:
    """Return the version of each package of the dashboard that is not for development alone."""
    lock = json.loads((ROOT / "dashboard" / "package-lock.json").read_text(encoding="utf-8"))
    return {
        path.rpartition("node_modules/")[2]: about["version"]
        for path, about in lock["packages"].items()
        if path and not about.get("dev")
    }


def missing_in(text: str) -> list[str]:
    """Return the packages of the dashboard without a notice in a text."""
    found: dict[str, str] = {}
    for part in text.split(RULE)[1:]:
        title, _, body = part.strip().partition("\n\n")
        name, version, _ = title.split(" ", 2)
        if re.search("copyright|license", body, re.IGNORECASE) and len(body) > 200:
            found[name] = version
    return [name for name, version in shipped_packages().items() if found.get(name) != version]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("built")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-d", str(folder)], cwd=ROOT, check=True, capture_output=True
    )
    return folder


def test_the_wheel_has_the_notice_of_each_package_of_the_dashboard(built: Path) -> None:
    (wheel,) = built.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        (licence,) = [name for name in archive.namelist() if re.search(rf"dist-info/licenses/.*{NAME}$", name)]
        assert missing_in(archive.read(licence).decode()) == []
        # The page serves the same file.
        assert archive.read(f"api/dashboard/{NAME}") == archive.read(licence)
        (metadata,) = [name for name in archive.namelist() if name.endswith("dist-info/METADATA")]
        assert f"License-File: api/dashboard/{NAME}" in archive.read(metadata).decode()


def test_the_source_archive_has_them_too(built: Path) -> None:
    (source,) = built.glob("*.tar.gz")
    with tarfile.open(source) as archive:
        (member,) = [each for each in archive.getmembers() if each.name.endswith(f"api/dashboard/{NAME}")]
        file = archive.extractfile(member)
        assert file is not None
        assert missing_in(file.read().decode()) == []


def test_a_package_without_its_notice_is_missing() -> None:
    text = (ROOT / "api" / "dashboard" / NAME).read_text(encoding="utf-8")
    without = RULE.join(part for part in text.split(RULE) if not part.strip().startswith("maplibre-gl "))
    assert missing_in(without) == ["maplibre-gl"]


def test_the_help_pages_name_the_theme_its_icons_and_its_scripts(tmp_path: Path) -> None:
    scripts = tmp_path / "assets" / "javascripts"
    scripts.mkdir(parents=True)
    (scripts / "bundle.js").write_text("/*! clipboard.js, MIT licence */x=1;/* no notice */", encoding="utf-8")
    theme_notices.write_notices(tmp_path)
    text = (tmp_path / theme_notices.NAME).read_text(encoding="utf-8")
    for part in ("Martin Donath", "icons of mkdocs-material: fontawesome", "octicons", "clipboard.js, MIT licence"):
        assert part in text
    assert "no notice" not in text


def test_the_python_packages_of_image_and_debian_are_named_with_their_licences(tmp_path: Path) -> None:
    packages = Path(pytest.__file__).parents[1]
    text = notices_of(packages)
    parts = {part.strip().split(" ")[0].lower().replace("_", "-") for part in text.split(RULE)[1:]}
    for name in ("fastapi", "numpy", "msgspec", "duckdb", "uvicorn", "paho-mqtt"):
        assert name in parts
    assert "headland" not in parts
    assert notices_of(packages) == text
    bare = tmp_path / "x-1.0.dist-info"
    bare.mkdir()
    (bare / "METADATA").write_text("Name: x\nVersion: 1.0\nAuthor: Li\nLicense: MIT\n", encoding="utf-8")
    assert "Copyright (c) Li. Licence: MIT." in notices_of(tmp_path)
    docker = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert "deploy/notices.py /opt/headland" in docker
