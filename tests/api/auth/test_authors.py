"""Names of the authors of records, for everybody who may read the records."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from headland.registry.models.models import Member, Scope
from headland.registry.models.people import Person, PersonRole
from headland.store.memory import MemoryStore
from tests.api.auth.test_middleware import KeyedApi, serve_api


@pytest.fixture(scope="module")
def keyed_api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KeyedApi]:
    with serve_api(tmp_path_factory.mktemp("authors"), MemoryStore()) as served:
        yield served


@pytest.fixture
def authors(keyed_api: KeyedApi) -> dict[str, str]:
    """What each author is called in records, by name."""
    repositories = keyed_api.repositories
    known = {key.name: key for key in repositories.keys.all()}
    if "desk" not in known:
        person = repositories.people.add(Person(name="Wang Fang", role=PersonRole.AGRONOMIST))
        repositories.add_key("desk", Scope.WRITE)
        repositories.add_key("phone of W", Scope.WRITE, person=person.id)
        revoked = repositories.add_key("old tablet", Scope.WRITE)[0]
        repositories.keys.delete(revoked.id, revoked.version)
        repositories.members.add(Member(subject="li@example.org", name="Li Mei", role=Scope.WRITE))
        known = {key.name: key for key in repositories.keys.all()} | {"old tablet": revoked}
        _AUTHORS.update({name: f"key:{key.prefix}" for name, key in known.items()}, member="member:li@example.org")
    return _AUTHORS


_AUTHORS: dict[str, str] = {}


def _ask(keyed_api: KeyedApi, role: PersonRole | Scope, asked: list[str]) -> httpx.Response:
    repositories = keyed_api.repositories
    person = repositories.people.add(Person(name="P", role=role)) if isinstance(role, PersonRole) else None
    scope = Scope.WRITE if isinstance(role, PersonRole) else role
    stored, key = repositories.add_key(f"asks {role}", scope, person=None if person is None else person.id)
    headers = {"Authorization": f"Bearer {key}"}
    answer = keyed_api.client.get("/v1/authors", params={"author": asked}, headers=headers)
    repositories.keys.delete(stored.id, stored.version)
    return answer


@pytest.mark.parametrize("role", [Scope.READ, Scope.WRITE, Scope.ADMIN, PersonRole.PILOT])
def test_a_name_and_no_prefix_is_told_to_whoever_reads_alarms(
    keyed_api: KeyedApi, authors: dict[str, str], role: PersonRole | Scope
) -> None:
    asked = [authors[name] for name in ("desk", "phone of W", "old tablet", "member")]
    answer = _ask(keyed_api, role, [*asked, "key:hl_00000000", "member:nobody", "test"])
    named = {each["by"]: each["name"] for each in answer.json()["items"]}
    # A pilot reads no people: of them the key that they use is named.
    of_person = "phone of W" if role is PersonRole.PILOT else "Wang Fang"
    assert named == dict(zip(asked, ["desk", of_person, "old tablet", "Li Mei"], strict=True))


def test_names_are_for_no_member_and_of_at_most_a_hundred(keyed_api: KeyedApi, authors: dict[str, str]) -> None:
    assert _ask(keyed_api, PersonRole.MEMBER, [authors["desk"]]).status_code == 403
    assert _ask(keyed_api, Scope.READ, [authors["desk"]] * 101).status_code == 422
    assert _ask(keyed_api, Scope.READ, []).status_code == 422
