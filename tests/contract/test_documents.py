"""The reference pages protocol.md and quantities.md agree with the code."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest

from docs.generator.hooks import on_page_markdown
from headland.clock.station_clock.record import AGREE_MS
from headland.contract import codec, topics
from headland.contract.gateway_rules import (
    MAX_INACTIVE,
    MAX_RULES,
    MAX_RULES_BYTES,
    GatewayRules,
    RulesContent,
    RulesRefusal,
)
from headland.contract.quantities import QUANTITIES, unit_of_name
from headland.contract.records import (
    Ack,
    Batch,
    Block,
    ChannelInfo,
    Clock,
    Descriptor,
    EpochReason,
    Event,
    GatewayStatus,
    Quality,
    RulesReport,
    SpoolStatus,
)
from headland.contract.refusals import Reason
from headland.contract.senml import channel_names, records
from headland.contract.senml.units import UNITS
from headland.contract.units import UNIT_BY_SUFFIX
from ingest.admission.admit import UNDESCRIBED_KIND, UNDESCRIBED_SITE
from ingest.admission.columns import EARLIEST_MS
from tests.golden.make import FOLDER

ROOT: Final = Path(__file__).parents[2]
PROTOCOL: Final = (ROOT / "docs" / "reference" / "protocol.md").read_text(encoding="utf-8")
QUANTITIES_PAGE: Final = (ROOT / "docs" / "reference" / "quantities.md").read_text(encoding="utf-8")


def tables(document: str) -> dict[str, list[list[str]]]:
    """Return the rows of each table by its header row; code marks are taken off."""
    found: dict[str, list[list[str]]] = {}
    rows: list[list[str]] = []
    for line in document.splitlines():
        if not line.startswith("|"):
            rows = []
            continue
        cells = [cell.strip().replace("`", "") for cell in line.strip("|").split("|")]
        if not rows:
            rows = [cells]
            key = " | ".join(cells)
            found[key if key not in found else f"{key} #{sum(each.startswith(key) for each in found) + 1}"] = rows
        elif set(cells[0]) != {"-"}:
            rows.append(cells)
    return {header: rows[1:] for header, rows in found.items()}


def number(value: float) -> str:
    return f"{value:g}" if abs(value) < 1e6 else str(int(value))


def test_the_page_of_quantities_lists_each_as_it_is_in_the_code() -> None:
    expected = [
        [row.name, row.unit, number(row.low), number(row.high), row.kind, row.meaning] for row in QUANTITIES.values()
    ]
    assert tables(on_page_markdown(QUANTITIES_PAGE))["name | unit | low | high | kind | meaning"] == expected


def test_the_page_of_quantities_lists_each_ending_with_its_unit() -> None:
    assert tables(on_page_markdown(QUANTITIES_PAGE))["ending | unit"] == [list(row) for row in UNIT_BY_SUFFIX.items()]


def test_every_quality_flag_and_clock_is_explained() -> None:
    flags = [row[:2] for row in tables(QUANTITIES_PAGE)["flag | name | meaning"]]
    assert flags == [[str(flag.value), flag.name.lower().replace("_", " ")] for flag in Quality]
    assert [row[0] for row in tables(QUANTITIES_PAGE)["clock | meaning"]] == [str(clock) for clock in Clock]


def test_every_topic_is_listed() -> None:
    shown = [row[0] for row in tables(PROTOCOL)["topic | writer | QoS | retained | payload"]]
    shard = topics.shard_of("gw")
    built = [topics.data_topic("gw"), topics.senml_topic("gw", "dev"), topics.ack_topic("gw")]
    built += [topics.rules_topic("gw"), topics.order_topic("gw"), topics.answer_topic("gw")]
    built += [topics.status_topic("gw"), topics.meta_topic("gw", "dev"), topics.alarm_topic("org")]
    names = {"{shard}": str(shard), "{gateway}": "gw", "{device}": "dev", "{organisation}": "org"}
    filled = [re.sub(r"{\w+}", lambda found: names[found[0]], topic) for topic in shown]
    assert filled == built
    assert f"crc32(gateway) % {topics.SHARDS}" in PROTOCOL


@pytest.mark.parametrize(
    ("record", "header"),
    [
        (Batch, "field | type | meaning"),
        (Block, "field | type | meaning #2"),
        (Event, "field | type | meaning #3"),
        (Ack, "field | type | meaning #4"),
        (GatewayStatus, "field | type | meaning #5"),
        (Descriptor, "field | type | meaning #6"),
        (SpoolStatus, "field of spool | type | meaning"),
        (ChannelInfo, "field of a channel | type | meaning"),
        (GatewayRules, "field of alarm rules | type | meaning"),
        (RulesContent, "field of content | type | meaning"),
        (RulesReport, "field of rules | type | meaning"),
    ],
)
def test_every_field_of_a_record_is_listed_in_its_order(record: type[msgspec.Struct], header: str) -> None:
    assert [row[0] for row in tables(PROTOCOL)[header]] == list(record.__struct_encode_fields__)


def test_every_reason_is_listed() -> None:
    assert [row[0] for row in tables(PROTOCOL)["reason | scope | when"]] == [str(reason) for reason in Reason]


def test_every_reason_for_an_epoch_is_listed() -> None:
    assert [row[0] for row in tables(PROTOCOL)["reason | why"]] == [str(reason) for reason in EpochReason]


def test_every_reason_to_refuse_alarm_rules_is_listed() -> None:
    listed = [row[0] for row in tables(PROTOCOL)["reason to refuse rules | when"]]
    assert listed == [str(reason) for reason in RulesRefusal]
    assert f"{MAX_RULES_BYTES // 1024} KiB, {MAX_RULES} rules and {MAX_INACTIVE} devices" in " ".join(PROTOCOL.split())


def test_every_cap_is_listed() -> None:
    assert tables(PROTOCOL)["what | at most"] == [
        ["payload", f"{codec.MAX_PAYLOAD_BYTES} bytes"],
        ["inflated batch", f"{codec.MAX_INFLATED_BYTES} bytes"],
        ["span of a block", f"{codec.MAX_BLOCK_SPAN_MS} ms"],
        ["time", f"{codec.MAX_TIME_MS} ms"],
        ["record number", str(codec.MAX_SEQ)],
        ["topic", f"{topics.MAX_TOPIC} characters"],
        ["name after the SenML base name", f"{channel_names.MAX_NAME} characters"],
    ]


def test_every_senml_unit_is_listed() -> None:
    listed = re.search(r"Units:\n(.*?)\.\n", on_page_markdown(PROTOCOL), re.DOTALL)
    assert listed is not None
    assert re.findall(r"`([^`]+)`", listed[1]) == list(UNITS)


def test_changes_by_ingest_are_documented() -> None:
    assert (AGREE_MS, EARLIEST_MS) == (5 * 60_000, 946_684_800_000)
    assert "5 minutes ahead or before 2000-01-01" in " ".join(PROTOCOL.split())
    assert (UNDESCRIBED_KIND, UNDESCRIBED_SITE) == ("undescribed", "undescribed")
    assert "kind and site `undescribed`" in PROTOCOL
    assert f"`bver`) above {records.SENML_VERSION}" in PROTOCOL


def examples(mark: str) -> dict[str, Any]:
    found = re.findall(rf"<!-- {mark}: (\w+) -->\n```json\n(.*?)\n```", PROTOCOL, re.DOTALL)
    return {name: json.loads(text) for name, text in found}


def test_every_golden_vector_is_shown_as_it_is() -> None:
    vectors = {path.name.split(".")[0] for path in FOLDER.glob("*.expected.json")} - {"senml_pack"}
    shown = examples("golden")
    assert set(shown) == vectors
    for name, value in shown.items():
        assert value == json.loads((FOLDER / f"{name}.expected.json").read_bytes())
    assert examples("senml") == {"senml_pack": json.loads((FOLDER / "senml_pack.json").read_bytes())}


def test_every_channel_in_the_examples_is_a_known_quantity() -> None:
    channels = set(re.findall(r'"([a-z0-9_]+)(?::\d+)?": (?:\[|\{"unit")', PROTOCOL)) - {"dt", "blocks", "events"}
    assert channels
    assert all(unit_of_name(channel) for channel in channels)
