"""Who may give orders to a gateway: whoever may add one, and nobody else."""

from __future__ import annotations

import pytest

from api.auth.permissions import Refusal, refusal_of, roles_of
from headland.registry.models.access_table import Role
from headland.registry.models.models import Scope
from headland.registry.models.people import PersonRole

ORDERS = "/v1/gateways/gw-1/orders"


@pytest.mark.parametrize(
    ("person", "scope", "refusal"),
    [
        (None, Scope.ADMIN, None),
        (None, Scope.WRITE, Refusal.SCOPE),
        (None, Scope.READ, Refusal.SCOPE),
        (PersonRole.PILOT, PersonRole.PILOT.scope, Refusal.ROLE),
        (PersonRole.MEMBER, PersonRole.MEMBER.scope, Refusal.ROLE),
    ],
)
def test_only_a_manager_gives_a_gateway_orders(
    person: PersonRole | None, scope: Scope, refusal: Refusal | None
) -> None:
    assert refusal_of(person, scope, "POST", ORDERS) is refusal


def test_who_gives_orders_is_who_adds_gateways() -> None:
    assert roles_of("POST", "/v1/gateways/{gateway}/orders") == roles_of("POST", "/v1/gateways") == (Role.MANAGER,)
