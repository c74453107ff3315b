"""A lot, a certificate or an event that was altered contradicts the anchors that the ledger has of them."""

from __future__ import annotations

import sqlalchemy as sa

from headland.registry.db.tables.farm_tables import audit
from headland.registry.db.tables.proof_tables import epcis_events
from headland.registry.models.models import Farm
from headland.registry.repositories.harvest.epcis_events import CapturedEvent
from headland.registry.repositories.organisation_repositories import OrganisationRepositories


def event(number: int) -> CapturedEvent:
    return CapturedEvent(
        event_id=f"ni:{number}", type="ObjectEvent", biz_step="", event_ms=number, body="{}", identifiers=("urn:x:1",)
    )


def test_anchors_cover_the_audit_log_and_all_events_once(repositories: OrganisationRepositories) -> None:
    anchors = repositories.anchors
    repositories.farms.add(Farm(name="One"))
    assert [entry.kind for entry in anchors.add()] == ["audit_anchor"]
    repositories.epcis.capture([event(1), event(2)])
    assert [entry.kind for entry in anchors.add()] == ["audit_anchor", "epcis_anchor"]
    size = len(repositories.ledger.read())
    anchors.add()
    assert len(repositories.ledger.read()) == size
    repositories.epcis.capture([event(2), event(3)])
    repositories.farms.add(Farm(name="Two"))
    anchors.add()
    assert len(repositories.ledger.read()) == size + 2
    assert anchors.contradicted() == []


def test_what_was_altered_behind_them_is_named(
    repositories: OrganisationRepositories, neighbour: OrganisationRepositories
) -> None:
    anchors = repositories.anchors
    repositories.farms.add(Farm(name="One"))
    repositories.epcis.capture([event(1), event(2)])
    neighbour.epcis.capture([event(1)])
    first, second = anchors.add()
    for change, seq in (
        (audit.update().where(audit.c.organisation == repositories.organisation).values(hash="0" * 64), first.seq),
        (epcis_events.update().where(epcis_events.c.seq == 1).values(body='{"a":1}'), second.seq),
        (epcis_events.delete().where(epcis_events.c.seq == 2), second.seq),
    ):
        assert isinstance(change, sa.Update | sa.Delete)
        with repositories._context.database.writing() as connection:
            connection.execute(change)
        assert seq in anchors.contradicted()
    assert neighbour.anchors.contradicted() == []
