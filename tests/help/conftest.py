"""The browser of the page's tests, on one farm a language: nothing may leave the machine or go wrong on a page."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache

import pytest

from docs.generator.tasks import Language
from tests.dashboard.conftest import axe, browser, page_errors, pages, playwright, visit
from tests.dashboard.farm import Farm
from tests.help.farm import HelpFarm, serve_help_farm

__all__ = ["axe", "browser", "page_errors", "pages", "playwright", "visit"]


#: Returns the farm of a language; each is served once for all walks.
FarmOf = Callable[[Language], HelpFarm]


@pytest.fixture(scope="package")
def farm_of(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FarmOf]:
    """A farm for each language that is walked: what a walk enters is not there before the other."""
    with ExitStack() as farms:

        @cache
        def serve(language: Language) -> HelpFarm:
            return farms.enter_context(serve_help_farm(tmp_path_factory.mktemp("help"), language))

        yield serve


@pytest.fixture
def farm(farm_of: FarmOf) -> Farm:
    """The farm to which a browser is limited that names no other."""
    return farm_of("zh").farm
