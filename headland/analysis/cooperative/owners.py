"""Owners of fields: the people who hold them, or the name that was written where nobody holds a share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Final

from headland.registry.models.errors import NotFound
from headland.registry.models.models import Field
from headland.registry.models.people import Holding, HoldingKind
from headland.registry.repositories.organisation_repositories import OrganisationRepositories

_EVER_MS: Final = 2**53


def read_owners(repositories: OrganisationRepositories, fields: Iterable[Field], at_ms: int) -> dict[str, str]:
    """Return who owned each field at an instant, as a paper names them; empty where nobody is told.

    An access that reads no people has the name that was written, if it may read that.
    """
    by_id = {field.id: field for field in fields}
    try:
        people = {person.id: person.name for person in repositories.people.all()}
        holdings = list(repositories.holdings.all())
    except NotFound:
        people, holdings = {}, []
    return {key: owners_text(field, holdings, people, at_ms) for key, field in by_id.items()}


def owners_text(field: Field, holdings: Iterable[Holding], people: Mapping[str, str], at_ms: int) -> str:
    """Return the owners of a field with their shares, the largest first; a single owner of all without a share.

    A lease is no ownership. Without a share of anybody it is `field.owner`, a name that somebody wrote.
    """
    shares: dict[str, Fraction] = {}
    for held in holdings:
        if held.field != field.id or held.kind is not HoldingKind.OWNERSHIP or held.person not in people:
            continue
        if (held.start_ms or 0) <= at_ms < (_EVER_MS if held.end_ms is None else held.end_ms):
            name = people[held.person]
            shares[name] = shares.get(name, Fraction(0)) + Fraction(held.parts, held.of_parts)
    ordered = sorted(shares.items(), key=lambda each: (-each[1], each[0]))
    return ", ".join(name if share == 1 else f"{name} {share}" for name, share in ordered) or field.owner
