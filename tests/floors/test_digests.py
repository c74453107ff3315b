"""Actions and images are named by the digest of their content: whoever moves a tag changes nothing here."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import Final

import pytest

from tests.floors.modules import ROOT

WORKFLOWS: Final = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
#: Files that name images which are pulled.
IMAGE_FILES: Final = ("Dockerfile", "docker-compose.yml", ".env.sample")
_USES: Final = re.compile(r"(?m)^\s*(?:- )?uses:\s*(\S+)(.*)$")
_IMAGE: Final = re.compile(r"docker\.io/[a-z0-9./_-]+(?::[A-Za-z0-9._-]+)?(?:@\S+?)?(?=[}\s\"']|$)")


def unpinned_actions(text: str) -> list[str]:
    """Return each action that is not named by a commit with its version beside it."""
    return [
        name
        for name, rest in _USES.findall(text)
        if not re.fullmatch(r"[\w.-]+/[\w./-]+@[0-9a-f]{40}", name) or not re.fullmatch(r" # v\d+\.\d+\.\d+", rest)
    ]


def unpinned_images(text: str) -> list[str]:
    """Return each image of a registry that is not named by the digest of its index."""
    return [name for name in _IMAGE.findall(text) if not re.fullmatch(r"\S+:\S+@sha256:[0-9a-f]{64}", name)]


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_every_action_is_a_commit(workflow: object) -> None:
    text = workflow.read_text(encoding="utf-8")  # type: ignore[attr-defined]
    assert _USES.findall(text)
    assert unpinned_actions(text) == []


@pytest.mark.parametrize("name", IMAGE_FILES)
def test_every_image_is_a_digest(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert _IMAGE.findall(text)
    assert unpinned_images(text) == []


def test_one_image_has_one_digest_everywhere() -> None:
    digests = defaultdict(set)
    for name in IMAGE_FILES:
        for image in _IMAGE.findall((ROOT / name).read_text(encoding="utf-8")):
            digests[image.partition(":")[0]].add(image)
    assert {name: found for name, found in digests.items() if len(found) != 1} == {}
    assert set(digests) == {f"docker.io/library/{name}" for name in ("python", "postgres", "influxdb")}


def test_services_of_the_compose_file_name_no_other_registry() -> None:
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    images = re.findall(r"(?m)^\s*image: (\S+)$", text)
    own = {"headland:0.1.0", "headland-broker:0.1.0"}
    assert all(image in own or "docker.io/library/" in image for image in images)


@pytest.mark.parametrize(
    "line",
    [
        "      - uses: actions/checkout@v4",
        "      - uses: actions/checkout@main # v4.4.0",
        "      - uses: actions/checkout@11d5960a326750d5838078e36cf38b85af677262",
        "      - uses: actions/checkout@11d5960a # v4.4.0",
    ],
)
def test_a_tag_a_branch_and_a_commit_without_its_version_are_found(line: str) -> None:
    assert len(unpinned_actions(line + "\n")) == 1


@pytest.mark.parametrize(
    "line",
    [
        "ARG BASE_IMAGE=docker.io/library/python:3.13-slim",
        "image: ${X:-docker.io/library/postgres:17}",
        "image: docker.io/library/postgres:17@sha256:00",
        "image: docker.io/library/postgres",
    ],
)
def test_an_image_by_tag_or_by_half_a_digest_is_found(line: str) -> None:
    assert len(unpinned_images(line)) == 1
