"""Permissions in a session: those of the middleware, and those by which the dashboard shows its forms."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import pytest

from api.auth.permissions import RequiredScope, required_scope
from headland.contract.posts.senders import SAMPLE_SENDERS
from headland.registry.models.models import Scope
from headland.registry.models.people import Person, PersonRole
from headland.store.memory import MemoryStore
from tests.api.auth.test_middleware import KeyedApi, serve_api
from tests.api.server import UNLIMITED

SOURCE: Final = Path(__file__).parents[3] / "dashboard" / "src"
OPERATION: Final = r'"(get|post|put|patch|delete)", "(/v1/[^"]+)"'
#: Operations that a part of the dashboard asks for which is displayed to whoever may do another one.
GUARDS: Final = {
    ("post", "/v1/alarm-rules/replay"): ("put", "/v1/alarm-rules/{thing}"),
    ("post", "/v1/quarantine/{message}/read-again"): ("get", "/v1/sample-logins"),
    ("put", "/v1/sample-logins/{key}/map"): ("get", "/v1/sample-logins"),
    ("put", "/v1/alarm-recipients/{thing}"): ("post", "/v1/alarm-recipients"),
    ("post", "/v1/alarm-recipients/{recipient}/secret"): ("post", "/v1/alarm-recipients"),
    ("post", "/v1/alarm-recipients/{recipient}/test"): ("post", "/v1/alarm-recipients"),
    ("post", "/v1/alarm-recipients/{recipient}/confirm"): ("post", "/v1/alarm-recipients"),
    ("post", "/v1/certificates/{thing}/void"): ("post", "/v1/certificates/{thing}/copies"),
    ("delete", "/v1/fields/{thing}"): ("put", "/v1/fields/{thing}"),
    ("post", "/v1/fields/import"): ("post", "/v1/fields"),
    ("post", "/v1/fields/outline"): ("put", "/v1/fields/{thing}"),
    ("put", "/v1/imports/{id}/parts/{number}"): ("post", "/v1/imports"),
    ("post", "/v1/imports/{id}/finish"): ("post", "/v1/imports"),
    ("put", "/v1/members/{thing}"): ("get", "/v1/members"),
    ("post", "/v1/passes/{pass_id}/treated"): ("post", "/v1/statement-runs"),
    ("post", "/v1/photos"): ("post", "/v1/notes"),
    ("post", "/v1/prescriptions/preview"): ("post", "/v1/prescriptions"),
    ("post", "/v1/products/catalog/{name}"): ("patch", "/v1/fields/{thing}/plan"),
    ("delete", "/v1/push-subscriptions/{recipient}"): ("post", "/v1/push-subscriptions"),
    ("put", "/v1/subsidy-rules/{thing}"): ("post", "/v1/subsidy-rules"),
    ("post", "/v1/subsidy-claims"): ("post", "/v1/subsidy-rules"),
    ("post", "/v1/subsidy-claims/corrections"): ("post", "/v1/subsidy-rules"),
    ("post", "/v1/trial-variables"): ("post", "/v1/trials"),
}
#: Operations that are shown to a smaller circle than may do them, and why: recording of passes is part of settling; who
#: may write samples may have one of them read again, and the page of senders, which has their keys, is for managers.
SHOWN_TO_FEWER: Final = {
    ("post", "/v1/passes/{pass_id}/treated"),
    ("post", "/v1/quarantine/{message}/read-again"),
}


SENDER: Final = f"key {Scope.SAMPLES}"
#: What a sender may do: the paths that take samples, by the table of senders.
SENDERS: Final = {
    (method.lower(), path)
    for each in SAMPLE_SENDERS.items
    for path in (each.path, *each.more_paths)
    for method in each.methods
}


@dataclass(frozen=True)
class Caller:
    name: str
    key: str


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KeyedApi]:
    with serve_api(tmp_path_factory.mktemp("may"), MemoryStore(), limits=UNLIMITED) as served:
        yield served


@pytest.fixture(scope="module")
def callers(api: KeyedApi) -> list[Caller]:
    repositories = api.repositories
    made = [Caller(f"key {scope}", repositories.add_key(f"may {scope}", scope)[1]) for scope in Scope]
    for role in PersonRole:
        person = repositories.people.add(Person(name=f"P {role}", role=role))
        made.append(Caller(str(role), repositories.add_key(str(role), Scope.ADMIN, person=person.id)[1]))
    assert len(made) == 8
    return made


def _may(api: KeyedApi, caller: Caller) -> set[tuple[str, str]]:
    answer = api.client.get("/v1/session", headers={"Authorization": f"Bearer {caller.key}"})
    if caller.name == SENDER:
        assert answer.status_code == 403
        return SENDERS
    assert answer.status_code == 200, answer.text
    may: dict[str, list[str]] = answer.json()["may"]
    return {(method.lower(), path) for path, methods in may.items() for method in methods}


def test_a_session_says_of_every_operation_what_the_middleware_does(api: KeyedApi, callers: list[Caller]) -> None:
    document = api.client.get(
        "/openapi.json", headers={"Authorization": f"Bearer {callers[2].key}"}, timeout=120
    ).json()
    operations = [(method, path) for path, methods in document["paths"].items() for method in methods]
    assert len(operations) > 300

    refused: dict[tuple[str, str, str], bool] = {}
    allowed = {caller.name: _may(api, caller) for caller in callers}
    # A body of another type is refused by each route that has one, before anything happens.
    for caller in callers:
        headers = {"Authorization": f"Bearer {caller.key}", "Content-Type": "text/x-none", "If-Match": '"0"'}
        for method, path in operations:
            if path in ("/v1/live", "/openapi.json") or required_scope(method.upper(), path) is RequiredScope.OPERATOR:
                continue
            filled = re.sub(r"\{\w+\}", "0" * 26, path)
            answer = api.client.request(method.upper(), filled, headers=headers, content=b"?", timeout=60)
            problem = answer.json() if answer.status_code == 403 else {}
            is_refused = str(problem.get("type", "")).rpartition(":")[2] in ("role", "scope", "undeclared")
            refused[caller.name, method, path] = is_refused
            is_open = required_scope(method.upper(), path) is RequiredScope.NOTHING
            may = is_open or (method, path) in allowed[caller.name]
            assert is_refused is not may, (caller.name, method, path)
    assert sum(refused.values()) > 300


@cache
def _texts() -> dict[str, str]:
    files = [path for path in SOURCE.rglob("*.ts*") if path.name != "schema.d.ts"]
    return {str(path.relative_to(SOURCE)): path.read_text() for path in files}


def _gates() -> set[tuple[str, str]]:
    """Return the operations by which something is displayed or not."""
    return {pair for text in _texts().values() for pair in re.findall(rf"may\({OPERATION}\)", text)}


def _written() -> dict[tuple[str, str], str]:
    """Return the operations that change something, with the file that asks for them, unless its form hides itself."""
    found: dict[tuple[str, str], str] = {}
    for name, text in _texts().items():
        named = dict(re.findall(r'const ([A-Z]+) = "(/v1/[^"]+)"', text))
        for variable, method, quoted, constant in re.findall(
            r'const (\w+) = use(?:Kept)?Write\("(\w+)", (?:"([^"]+)"|([A-Z]+))', text
        ):
            if re.search(rf"write=\{{[^}}]*\b{variable}\b[^}}]*\}}|\b{variable}\.allowed\b", text) is None:
                found[method, quoted or named[constant]] = name
        for path, method in re.findall(
            r'request(?:Response)?(?:<[^>]*>)?\([`"]([^`"]+)[`"],\s*\{\s*method: "(\w+)"', text
        ):
            found[method.lower(), re.sub(r"\$\{[^}]*\}", "{}", path)] = name
    return found


def _template(operation: tuple[str, str], known: set[tuple[str, str]]) -> tuple[str, str]:
    """Return an operation with the names of the API document in place of `{}`."""
    method, path = operation
    pattern = re.escape(path).replace(re.escape("{}"), r"\{\w+\}")
    return next(((method, each) for other, each in known if other == method and re.fullmatch(pattern, each)), operation)


def test_no_form_of_the_dashboard_offers_what_is_refused_or_hides_what_is_permitted(
    api: KeyedApi, callers: list[Caller]
) -> None:
    allowed = {caller.name: _may(api, caller) for caller in callers}
    known = set().union(*allowed.values())
    gates = _gates()
    assert gates <= known
    written = {_template(each, known): name for each, name in _written().items()}
    ungated = {
        each: name for each, name in written.items() if each not in gates and not each[1].startswith("/v1/session")
    }
    assert {each for each in ungated if each not in GUARDS} == set(), ungated
    assert {each for each in GUARDS if each not in ungated} == set()
    for operation, guard in GUARDS.items():
        assert guard in gates | known
        for caller, may in allowed.items():
            assert guard not in may or operation in may, (caller, operation, "is offered and refused")
            assert operation in SHOWN_TO_FEWER or operation not in may or guard in may, (caller, operation, "is hidden")


def test_each_page_is_there_for_whom_its_first_question_is_permitted(api: KeyedApi, callers: list[Caller]) -> None:
    pages = dict(re.findall(r'name: "(\w+)", title: "\w+", asks: "([^"]+)"', _texts()["pages/index.ts"]))
    shown = {
        caller.name: {name for name, path in pages.items() if ("get", path) in _may(api, caller)} for caller in callers
    }
    everything = {
        "today",
        "farm",
        "field",
        "greenhouse",
        "weather",
        "harvest",
        "alarms",
        "health",
        "cooperative",
        "settings",
    }
    assert shown == {
        "manager": everything,
        "agronomist": everything,
        "pilot": everything - {"cooperative"},
        "member": {"cooperative"},
        **{f"key {scope}": everything if scope is not Scope.SAMPLES else set() for scope in Scope},
    }
