"""Files are nouns: none is named after nothing in particular."""

from __future__ import annotations

from tests.floors.modules import PACKAGES, modules_of


def test_no_file_is_named_utils_common_or_helpers() -> None:
    words = {name.rpartition(".")[2].strip("_").rstrip("s") for package in PACKAGES for name in modules_of(package)}
    assert words & {"util", "utilitie", "common", "helper", "misc", "tool"} == set()
