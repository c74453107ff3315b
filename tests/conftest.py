"""What every test may use: a free port, a real broker, waiting with a deadline; and what this machine lacks.

Fixtures: `free_port` (one port), `new_port` (a function: a port a call), `mosquitto` (a running `tests.broker.Broker`:
`.host`, `.port`, `.kill()`, `.stop()`, `.restart()`, `.log`), `wait_until(condition, timeout_s)`, `real_data` (the
folder of real logs and tables; only for tests/accept).

`@pytest.mark.services("mosquitto", "chromium")` says what a test needs, by the names of `tests.machine.PROGRAMS`; bare
it means mosquitto, and asking for the `mosquitto` fixture implies it. Such a test is skipped where its need is missing,
or fails there when HEADLAND_REQUIRE_SERVICES=1 (as in CI). A table at the end says what the machine lacks, and how many
tests of `@pytest.mark.long` were left out (`tests.long_tests`).
"""

from __future__ import annotations

import gc
import logging
import os
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.internal.conjecture import providers

from headland.registry.db import database
from tests.broker import Broker
from tests.compilation import compile_all
from tests.every_case import IS_EVERY_CASE_SENT
from tests.examples import examples
from tests.influx_server import InfluxServer
from tests.long_tests import COUNT, WorkerNotes, leave_long_out
from tests.machine import PROGRAMS, describe_lack, find_program, how_to_get
from tests.ports import find_free_port
from tests.postgres import Postgres
from tests.purity import PureTests, is_pure, is_pure_file
from tests.registry.known_statements import share_compiled
from tests.registry.known_tables import migrate_as_known
from tests.victoria_server import VictoriaServer
from tests.waiting import WaitUntil
from tests.waiting import wait_until as wait_until_true

# What the collection makes stays: to search it for garbage again and again costs each worker a quarter of its time.
gc.disable()

#: As the command line has it (station/cli/main.py).
COLLECT_AFTER: Final = 10_000
#: How long an example takes is the machine's load, and nothing that a test is about. The examples are the same in each
#: run, so that the verdict on a commit depends on the commit alone; HEADLAND_OTHER_EXAMPLES=1 tries others.
settings.register_profile(
    "headland",
    deadline=None,
    max_examples=examples(100),
    derandomize=os.environ.get("HEADLAND_OTHER_EXAMPLES") != "1",
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("headland")
if not IS_EVERY_CASE_SENT:
    # Hypothesis also tries numbers and words that it reads in the sources of the modules loaded so far: 1,700 files for
    # each worker, and other examples in another order of the tests. CI does so too.
    providers._get_local_constants = lambda: providers._local_constants

TESTS: Final = Path(__file__).parent
ACCEPT: Final = TESTS / "accept"
#: Folders and files whose tests run farms or a browser, or wait for brokers, lines and stores, each with the part of
#: the order over which it is spread: the others use the processor meanwhile, and what takes long begins early.
WAITING: Final = {
    **dict.fromkeys(("services", "deploy", "docs", "dashboard", "station", "walk"), (0.0, 0.6)),
    **dict.fromkeys(("edge", "ingest", "remote", "network"), (0.42, 0.95)),
    "store": (0.2, 0.85),
}
REAL_DATA: Final = "HEADLAND_REAL_DATA"
REQUIRE_SERVICES: Final = "HEADLAND_REQUIRE_SERVICES"


@pytest.fixture
def free_port() -> int:
    """A loopback port that is free for TCP and UDP."""
    return find_free_port()


@pytest.fixture
def new_port() -> Callable[[], int]:
    """A function that returns another free loopback port at each call."""
    return find_free_port


@pytest.fixture
def wait_until() -> WaitUntil:
    """`wait_until(condition, timeout_s)` returns what the condition said once it is true."""
    return wait_until_true


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Broker]:
    """A running broker on a free loopback port; it ends with the test."""
    broker = Broker(tmp_path / "mosquitto")
    broker.start()
    yield broker
    broker.kill()


@pytest.fixture(scope="session")
def influx_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InfluxServer]:
    """A running InfluxDB that tests share, each with a bucket of its own; nobody may kill it."""
    server = InfluxServer(tmp_path_factory.mktemp("influxdb"))
    server.start()
    yield server
    server.close()


@pytest.fixture(scope="session")
def victoria_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VictoriaServer]:
    """A running VictoriaMetrics that tests share, each with a store of its own; nobody may kill it."""
    server = VictoriaServer(tmp_path_factory.mktemp("victoria-metrics"))
    server.start()
    yield server
    server.kill()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A running PostgreSQL that tests share, each with a database of its own; whoever kills it starts it again."""
    server = Postgres(fsync=False)
    server.start()
    yield server
    server.close()


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder that holds `flights/` and `datasets/`."""
    return Path(os.environ[REAL_DATA])


@pytest.fixture(autouse=True)
def _own_log_handlers() -> Iterator[None]:
    """A command that a test runs in this process configures its log: no other test may find it so."""
    root = logging.getLogger()
    level = root.level
    yield
    if root.level != level:  # to set it forgets what each logger knows of its level
        root.setLevel(level)
    for handler in list(root.handlers):
        if type(handler.formatter).__module__ == "station.cli.log_output":
            root.removeHandler(handler)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--pure`."""
    parser.addoption("--pure", action="store_true", help="run the tests that need no process, socket or service")


@pytest.fixture(scope="session", autouse=True)
def _known_registry() -> Iterator[None]:
    """New registries have the tables that the first one made, and the statements compiled for it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(database, "migrate", migrate_as_known)
        share_compiled(patch)
        yield


def pytest_configure(config: pytest.Config) -> None:
    """Refuse a run of the acceptance checks that has no data to check."""
    if _asks_for_accept(config) and not os.environ.get(REAL_DATA):
        raise pytest.UsageError(f"tests/accept reads real logs and tables: say where they are, {REAL_DATA}=FOLDER")
    config.pluginmanager.register(WorkerNotes(config))
    config.pluginmanager.register(PureTests())
    has_workers = getattr(config.option, "numprocesses", None) and not hasattr(config, "workerinput")
    if has_workers and config.args == config.getini("testpaths"):
        compile_all(config)


@pytest.hookimpl(optionalhook=True)  # without xdist, there is nothing to distribute
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> object | None:
    """Keep the tests together that share what is dear to start."""
    if config.getvalue("dist") != "loadscope":
        return None
    from tests.scheduling import FolderScheduling

    return FolderScheduling(config, log)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave the acceptance checks out unless they were asked for by path, and impure files out of a pure run."""
    if collection_path == ACCEPT and not _asks_for_accept(config):
        return True
    if config.getoption("--pure") and collection_path.name.startswith("test_") and not is_pure_file(collection_path):
        return True
    return None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark the tests that take the broker, put the longest folders first, and choose for `--pure`."""
    repeated = [name for name, count in Counter(item.nodeid for item in items).items() if count > 1]
    if repeated:  # the workers would run one of each name
        raise pytest.UsageError(f"tests of one name: {', '.join(repeated[:3])}")
    for item in items:
        if "mosquitto" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.services("mosquitto"))
    if config.getoption("--pure"):
        pure = [item for item in items if is_pure(item)]
        config.hook.pytest_deselected(items=[item for item in items if item not in set(pure)])
        items[:] = pure
    leave_long_out(config, items)
    items[:] = _spread(items)


def pytest_collection_finish() -> None:
    """Leave what the collection made out of the garbage collector's rounds: they cost a fifth of the pure tests."""
    gc.enable()
    gc.freeze()
    gc.set_threshold(COLLECT_AFTER)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test whose programs are missing, or fail it where they are required."""
    needs = {str(need) for mark in item.iter_markers("services") for need in mark.args or ("mosquitto",)}
    unknown = needs - PROGRAMS.keys()
    if unknown:
        pytest.fail(f"pytest.mark.services knows {', '.join(PROGRAMS)}; not {', '.join(sorted(unknown))}")
    lacks = sorted(need for need in needs if find_program(need) is None)
    if not lacks:
        return
    item.user_properties.extend(("lacks", lack) for lack in lacks)
    reason = "; ".join(describe_lack(lack) for lack in lacks)
    if os.environ.get(REQUIRE_SERVICES) == "1":
        pytest.fail(f"{reason}, and {REQUIRE_SERVICES}=1", pytrace=False)
    pytest.skip(reason)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Close with how many long tests were left out, and a table of what this machine lacks where that left out any."""
    long = terminalreporter.config.stash.get(COUNT, 0)
    if long:
        terminalreporter.section("what this run leaves out")
        terminalreporter.line(f"{long} long tests, which CI runs: make test ARGS='-m long'")
    left_out = Counter(
        str(lack)
        for reports in terminalreporter.stats.values()
        for report in reports
        if isinstance(report, pytest.TestReport) and report.when == "setup"
        for key, lack in report.user_properties
        if key == "lacks"
    )
    if not left_out:
        return
    terminalreporter.section("what this machine lacks")
    for name in sorted(left_out):
        terminalreporter.line(f"{name:<16} {left_out[name]:>4} tests left out   {how_to_get(name)}")


def _spread(items: list[pytest.Item]) -> list[pytest.Item]:
    """Return the tests file by file, those that mostly wait spread among the others."""
    files: dict[Path, list[pytest.Item]] = {}
    for item in items:
        files.setdefault(item.path, []).append(item)
    parts: dict[tuple[float, float], list[Path]] = {}
    for path in files:
        parts.setdefault(WAITING.get(path.relative_to(TESTS).parts[0], (0.0, 1.0)), []).append(path)
    places = [
        (begin + (end - begin) * at / len(paths), path)
        for (begin, end), paths in parts.items()
        for at, path in enumerate(paths)
    ]
    return [item for _, path in sorted(places, key=lambda place: place[0]) for item in files[path]]


def _asks_for_accept(config: pytest.Config) -> bool:
    """Tell whether a path on the command line lies in tests/accept."""
    paths = [(config.invocation_params.dir / arg.split("::")[0]).resolve() for arg in config.args]
    return any(path == ACCEPT or ACCEPT in path.parents for path in paths)
