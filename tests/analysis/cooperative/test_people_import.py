"""People and holdings read from a table of a village and matched with the registry."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from headland.analysis.cooperative.people_import import match_people
from headland.formats.tables.people import read_people
from headland.registry.models.models import Field
from headland.registry.models.people import ContactChannel, Holding, HoldingKind, Person
from tests.registry.records import PLOT

TABLE = """编号,姓名,手机,微信,地块,权属,份额,开始日期,结束日期
001,王芳,13800000000,wf,东一,承包,1/3,2026-03-01,2026-09-30
001,王芳,13800000000,wf,东二,流转,25%,2026年3月1日,
002,李强,,,东一,承包,2/3,,
"""
SHANGHAI = ZoneInfo("Asia/Shanghai")


def field(name: str, site: str | None = None) -> Field:
    return Field(id=f"id-{name}", farm="f", name=name, geometry=PLOT, site=site)


def test_a_table_in_gb18030_gives_people_with_contacts_and_exact_shares_from_local_midnights() -> None:
    table = read_people(TABLE.encode("gb18030"))
    assert (table.encoding.name, table.faults) == ("gb18030", ())
    found = match_people(table, [], [field("东一", site="s"), field("东二")], [], {"s": SHANGHAI})
    assert [(person.name, person.number) for person in found.people] == [("王芳", "001"), ("李强", "002")]
    assert found.people[0].contacts[1].channel is ContactChannel.WECHAT
    first, second, third = found.holdings
    # 2026-03-01 00:00 and 2026-10-01 00:00 in Shanghai: the last day belongs to the share.
    assert (first.start_ms, first.end_ms) == (1_772_294_400_000, 1_790_784_000_000)
    assert (first.person, first.parts, first.of_parts) == ("0", 1, 3)
    assert (second.kind, second.parts, second.of_parts, second.end_ms) == (HoldingKind.LEASE, 25, 100, None)
    assert (third.person, third.parts, third.of_parts, third.start_ms) == ("1", 2, 3, None)


def test_a_table_imported_again_adds_nothing() -> None:
    table = read_people(TABLE.encode())
    fields = [field("东一"), field("东二")]
    once = match_people(table, [], fields, [], {})
    people = [Person(id=f"p{n}", name=person.name, number=person.number) for n, person in enumerate(once.people)]
    held = [
        Holding(field=h.field, person=f"p{h.person}", kind=h.kind, parts=h.parts, of_parts=h.of_parts,
                start_ms=h.start_ms, end_ms=h.end_ms)
        for h in once.holdings
    ]  # fmt: skip
    again = match_people(table, people, fields, held, {})
    assert (again.people, again.holdings, again.known, again.faults) == ((), (), 5, ())


def test_each_row_with_a_fault_is_named_and_the_others_are_read() -> None:
    rows = [
        "name,number,role,field,kind,share,start,end",
        ",1,,,,,,",
        "A,2,king,,,,,",
        "B,3,,North,,0,,",
        "B,3,,North,,3/2,,",
    ]
    rows += [
        "B,3,,North,,1,2026-13-01,",
        "B,3,,North,,1,2026-02-01,2026-01-01",
        "B,3,,Nowhere,,1,,",
        "C,3,,,,,,",
        "D,,,,,,,",
    ]
    table = read_people("\n".join(rows).encode())
    found = match_people(table, [Person(id="x", name="D"), Person(id="y", name="D")], [field("North")], [], {})
    assert [(fault.row, fault.column) for fault in found.faults] == [
        (1, "name"), (2, "role"), (3, "share"), (4, "share"), (5, "start"), (6, "end"), (7, "field"), (8, "name"),
        (9, "number"),
    ]  # fmt: skip
    assert [person.name for person in found.people] == ["B"]
    (fault,) = read_people(b"field,share\nNorth,1\n").faults
    assert (fault.row, fault.column) == (0, "name")
