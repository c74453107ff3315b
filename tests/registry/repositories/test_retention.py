"""Retention of the audit log and of closed alarms: what goes, what stays, and what is still proven of the rest."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest
import sqlalchemy as sa

from headland.registry.db.audit_cut import CUT, DELETED_KINDS
from headland.registry.db.tables.alarm_tables import alarm_notices, alarms
from headland.registry.db.tables.farm_tables import audit
from headland.registry.models.alarms import Alarm, Notice, NoticeState, Severity
from headland.registry.models.errors import InvalidRecord, NotFound
from headland.registry.models.models import Farm, Scope
from headland.registry.registry import Registry
from headland.registry.repositories.alarms import AlarmUpdate
from headland.registry.repositories.organisation_repositories import OrganisationRepositories
from headland.units_of_time import DAY_MS
from tests.registry.conftest import ManualClock
from tests.registry.records import START_MS

YEAR_MS = 365 * DAY_MS


@pytest.fixture
def busy(repositories: OrganisationRepositories, registry: Registry, clock: ManualClock) -> list[str]:
    """A farm with twenty days of sign-ins, a record that was changed, one that was deleted, and a key that is gone."""
    _, key = repositories.add_key("till", Scope.ADMIN)
    kept = repositories.farms.add(Farm(name="Home"))
    for day in range(20):
        clock.advance(DAY_MS)
        assert registry.begin_session(key) is not None
        if day == 5:
            kept = repositories.farms.change(msgspec.structs.replace(kept, note="larger"))
    other, _ = repositories.add_key("gone", Scope.READ)
    repositories.keys.delete(other.id, other.version)
    return [kept.id, other.id]


def rounds(repositories: OrganisationRepositories, kind: str, now_ms: int) -> list[int]:
    """Return what each round deletes until one deletes nothing."""
    counts = []
    while count := repositories.retention.expire(kind, now_ms):
        counts.append(count)
    return counts


def kinds(repositories: OrganisationRepositories) -> list[str]:
    return [entry.kind for entry in repositories.audit_entries(limit=1000)]


def test_by_default_the_log_is_kept_for_ten_years_and_alarms_for_five(repositories: OrganisationRepositories) -> None:
    assert {each.kind: each.days for each in repositories.retention.all()} == {"audit": 3650, "alarms": 1825}


def test_a_cut_log_is_proven_from_the_cut_on_and_says_what_was_cut(
    repositories: OrganisationRepositories, busy: list[str], clock: ManualClock
) -> None:
    before = repositories.check_audit()
    clock.advance(2 * YEAR_MS)
    # The newest entry bounds what is due: something happens before.
    repositories.farms.add(Farm(name="Later"))
    repositories.retention.choose("audit", 365)
    due = repositories.retention.preview("audit", 365, clock())
    counts = rounds(repositories, "audit", clock())
    # Twenty sign-ins, and the key that was made and deleted; cuts of this round are of today.
    assert sum(counts) == due.count == 22
    assert len(counts) > 2, "a round deletes seven days at most"
    after = repositories.check_audit()
    assert after.broken_at is None
    assert after.altered == ()
    assert after.cut is not None
    assert (after.cut.deleted, after.cut.first_ms) == (22, START_MS + DAY_MS)
    assert after.cut.until_ms <= clock() - 365 * DAY_MS
    assert after.entries == before.entries + 2 + len(counts)
    assert kinds(repositories).count("session") == 0
    assert kinds(repositories).count(CUT) == len(counts)
    # All of what people grew and own is there still.
    assert [entry.action for entry in repositories.audit_entries(busy[0])] == ["change", "add"]
    assert repositories.audit_entries(busy[1]) == []


@pytest.mark.parametrize(
    "tamper",
    [
        lambda kept, first, cut: audit.update().where(audit.c.seq == kept).values(who="someone else"),
        lambda kept, first, cut: audit.delete().where(audit.c.seq == kept),
        lambda kept, first, cut: audit.update().where(audit.c.seq == first).values(time_ms=0),
        lambda kept, first, cut: audit.delete().where(audit.c.seq == first),
        lambda kept, first, cut: audit.update().where(audit.c.seq == cut).values(after=None),
        lambda kept, first, cut: audit.delete().where(audit.c.seq == cut),
    ],
    ids=["standing changed", "standing removed", "first kept changed", "first kept removed", "cut emptied", "cut gone"],
)
def test_an_altered_entry_of_a_cut_log_is_found(
    tamper: Callable[[int, int, int], sa.Update | sa.Delete],
    registry: Registry,
    repositories: OrganisationRepositories,
    busy: list[str],
    clock: ManualClock,
) -> None:
    clock.advance(2 * YEAR_MS)
    repositories.farms.add(Farm(name="Later"))
    repositories.retention.choose("audit", 365)
    rounds(repositories, "audit", clock())
    found = repositories.check_audit()
    assert found.broken_at is None
    assert found.cut is not None
    standing = min(entry.seq for entry in repositories.audit_entries(busy[0]))
    assert standing <= found.cut.seq
    newest_cut = next(entry.seq for entry in repositories.audit_entries(limit=1000) if entry.kind == CUT)
    with registry._database.writing() as connection:
        connection.execute(tamper(standing, found.cut.seq + 1, newest_cut))
    assert repositories.check_audit().broken_at is not None


def test_an_altered_log_is_not_cut(
    registry: Registry, repositories: OrganisationRepositories, busy: list[str], clock: ManualClock
) -> None:
    clock.advance(2 * YEAR_MS)
    repositories.farms.add(Farm(name="Later"))
    repositories.retention.choose("audit", 365)
    with registry._database.writing() as connection:
        connection.execute(audit.update().where(audit.c.seq == 5).values(who="someone else"))
    with pytest.raises(InvalidRecord, match="altered at entry 5"):
        repositories.retention.expire("audit", clock())
    assert kinds(repositories).count("session") == 20


def test_an_anchored_entry_stands_so_that_the_ledger_agrees_with_the_log(
    repositories: OrganisationRepositories, busy: list[str], registry: Registry, clock: ManualClock
) -> None:
    _, key = repositories.add_key("anchor", Scope.READ)
    registry.begin_session(key)  # the anchor is of a sign-in, which is deletable
    repositories.anchors.add()
    clock.advance(2 * YEAR_MS)
    repositories.farms.add(Farm(name="Later"))
    repositories.retention.choose("audit", 365)
    assert sum(rounds(repositories, "audit", clock())) == 22
    assert repositories.anchors.contradicted() == []
    assert kinds(repositories).count("session") == 1


def test_a_clock_that_is_ahead_deletes_nothing_of_the_log(
    repositories: OrganisationRepositories, busy: list[str], clock: ManualClock
) -> None:
    repositories.retention.choose("audit", 365)
    assert repositories.retention.preview("audit", 365, clock() + 20 * YEAR_MS).count == 0
    assert repositories.retention.expire("audit", clock() + 20 * YEAR_MS) == 0


def test_entries_of_evidence_and_of_unnamed_kinds_are_kept_for_ever(
    repositories: OrganisationRepositories, clock: ManualClock
) -> None:
    for kind in ("release", "statement", "something new"):
        repositories.log(kind, f"of {kind}", "add")
    clock.advance(20 * YEAR_MS)
    repositories.farms.add(Farm(name="Later"))
    assert rounds(repositories, "audit", clock()) == []
    assert {"release", "statement", "something new"} <= set(kinds(repositories))
    assert DELETED_KINDS.isdisjoint(
        {"pass", "lot", "harvest", "treatment", "certificate", "account entry", "statement"}
    )


def test_days_are_bounded_logged_and_can_be_the_default_again(repositories: OrganisationRepositories) -> None:
    with pytest.raises(InvalidRecord, match="365 days at least"):
        repositories.retention.choose("audit", 30)
    with pytest.raises(NotFound):
        repositories.retention.choose("ledger", 5000)
    assert repositories.retention.choose("audit", None).days is None
    assert repositories.retention.all()[0].days is None
    assert repositories.retention.choose("audit", None, chosen=False).days == 3650
    logged = [entry for entry in repositories.audit_entries() if entry.kind == "retention"]
    assert [(entry.before, entry.after) for entry in logged] == [
        ('{"days":null}', '{"days":3650}'),
        ('{"days":3650}', '{"days":null}'),
    ]


def _alarm(id: str, ended_ms: int | None, severity: Severity, acknowledged_ms: int | None = None) -> Alarm:  # noqa: A002
    return Alarm(
        id=id,
        rule=f"rule-{id}",
        subject="gh-1",
        kind="greenhouse",
        site="home",
        severity=severity,
        began_ms=START_MS,
        raised_ms=START_MS,
        noted_ms=START_MS,
        ended_ms=ended_ms,
        acknowledged_ms=acknowledged_ms,
    )


def test_closed_alarms_go_but_never_active_or_unseen_critical_ones(
    registry: Registry, repositories: OrganisationRepositories, clock: ManualClock
) -> None:
    new = START_MS + 6 * YEAR_MS
    made = [
        _alarm("info", START_MS + DAY_MS, Severity.INFO),
        _alarm("warning", START_MS + 30 * DAY_MS, Severity.WARNING),
        _alarm("seen", START_MS + DAY_MS, Severity.CRITICAL, START_MS + DAY_MS),
        _alarm("unseen", START_MS + DAY_MS, Severity.CRITICAL),
        _alarm("active", None, Severity.INFO),
        msgspec.structs.replace(_alarm("new", new, Severity.INFO), noted_ms=new),
    ]
    notices = [
        Notice(id=name, recipient="r", rule="x", what="raised", about=(name,), body="", created_ms=START_MS, due_ms=0)
        for name in ("dead", "waiting")
    ]
    states = {"dead": NoticeState.DEAD, "waiting": NoticeState.WAITING}
    notices = [msgspec.structs.replace(notice, state=states[notice.id]) for notice in notices]
    repositories.alarms.save(AlarmUpdate(alarms={alarm.id: alarm for alarm in made}, notices=notices))
    clock.advance(6 * YEAR_MS)
    assert repositories.retention.preview("alarms", 1825, clock()).count == 3
    assert rounds(repositories, "alarms", clock()) == [2, 1]
    with registry._database.reading() as connection:
        assert set(connection.execute(sa.select(alarms.c.id)).scalars()) == {"unseen", "active", "new"}
        assert set(connection.execute(sa.select(alarm_notices.c.id)).scalars()) == {"waiting"}
    said = [entry.after for entry in repositories.audit_entries() if entry.kind == "deletion by retention"]
    assert [msgspec.json.decode(text or "")["deleted"] for text in said] == [1, 2]
    kept = next(each for each in repositories.retention.all() if each.kind == "alarms")
    assert (kept.deleted, kept.looked_ms) == (3, clock())
    assert kept.until_ms is not None
    assert kept.until_ms <= clock() - 1825 * DAY_MS
