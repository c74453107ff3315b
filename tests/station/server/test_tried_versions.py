"""A package of which Headland uses inner parts is refused at the start where it was never tried."""

from __future__ import annotations

import tomllib
from importlib.metadata import PackageNotFoundError

import pytest
from uvicorn.protocols.http.h11_impl import H11Protocol

from headland.errors import SettingsError
from station.server import tried_versions
from station.server.tried_versions import BOUND, check_api, check_ingest, check_parts, check_versions, is_within
from tests.floors.modules import ROOT


def declared() -> list[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return [one for extra in project["optional-dependencies"].values() for one in extra]


def test_what_is_installed_here_is_taken() -> None:
    check_ingest()
    check_api()
    check_versions(declared())


@pytest.mark.parametrize("name", BOUND)
def test_each_has_an_upper_bound_in_pyproject_and_the_next_version_is_refused(name: str) -> None:
    def far_ahead(asked: str) -> str:
        if asked != name:
            raise PackageNotFoundError(asked)
        return "99.1"

    with pytest.raises(SettingsError, match=rf"{name} 99\.1 is installed.*tried with >=.*,<.*pip install"):
        check_versions(declared(), far_ahead)


def test_a_part_that_is_not_installed_is_not_asked_for() -> None:
    def nothing(asked: str) -> str:
        raise PackageNotFoundError(asked)

    check_versions(declared(), nothing)


@pytest.mark.parametrize(
    ("found", "bounds", "expected"),
    [
        ("2.1.0", ">=2.1,<2.3", True),
        ("2.0.9", ">=2.1,<2.3", False),
        ("2.3", ">=2.1,<2.3", False),
        ("2.3.0rc1", ">=2.1,<2.3", False),
        ("0.54.0", "<0.55,>=0.35", True),
        ("10.0", ">=9", True),
        ("1.0", "", True),
    ],
)
def test_bounds(found: str, bounds: str, expected: bool) -> None:
    assert is_within(found, bounds) is expected


class Paho:
    """A client without the packet queue, as a later release may be."""

    def __init__(self) -> None:
        self._last_bytes_received = 0.0

    def loop_read(self) -> None:
        pass

    def _sock_recv(self) -> None:
        pass


def test_a_paho_without_a_packet_queue_is_refused_with_a_sentence() -> None:
    with pytest.raises(SettingsError, match=r"paho-mqtt .* has no _packet_queue, on which Headland rests"):
        check_parts("paho-mqtt", Paho, tried_versions.PAHO_METHODS, tried_versions.PAHO_STATE)


def test_a_uvicorn_that_keeps_its_requests_elsewhere_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def begin(self: object) -> None:
        self.connections = set()  # type: ignore[attr-defined]

    monkeypatch.setattr(H11Protocol, "__init__", begin)
    with pytest.raises(SettingsError, match=r"uvicorn .* has no cycle, timeout_keep_alive_task"):
        check_api()
