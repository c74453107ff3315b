"""The public page of a lot stays below 100 kB, says what is missing, and draws no line over a gap."""

from __future__ import annotations

import math
import re
from dataclasses import replace

import msgspec
import pytest

from headland.i18n import LANGUAGES, Language
from headland.proof.proof_document import ProofDocument
from headland.registry.models.releases import (
    ReleasedCertificate,
    ReleasedClaim,
    ReleasedHarvest,
    ReleasedLot,
    ReleasedPass,
)
from headland.reports.consumer.charts import draw_replay, draw_weeks
from headland.reports.consumer.market import draw_qr, write_overlay
from headland.reports.consumer.page import MOST_BYTES, PublicLot, write_page
from headland.reports.consumer.shelf_card import draw_card
from headland.reports.consumer.story import draw_season, told_story
from headland.reports.consumer.wording import Wording
from tests.proof.builder import SmallLog

WEEK_MS = 7 * 86_400_000
START_MS = 1_780_000_000_000
HOUR_MS = 3_600_000
ADDRESS = "https://station.test/p/AAAAAAAAAAAAAAAAAAAAAA"


def week(number: int, **figures: float | None) -> ReleasedClaim:
    told = {
        "air_temperature_mean_degc": 20.0 + number,
        "air_temperature_low_degc": 12.0,
        "air_temperature_high_degc": 31.0,
    }
    return ReleasedClaim(
        kind="climate_week",
        start_ms=START_MS + number * WEEK_MS,
        end_ms=START_MS + (number + 1) * WEEK_MS,
        evidence="measured",
        what="",
        figures={**told, "relative_humidity_mean_pct": 70.25, "samples": 10080.0, **figures},
    )


def drawn_pass(points: int) -> ReleasedPass:
    track = tuple((round(100 + 90 * math.cos(n / 9), 1), round(60 + 50 * math.sin(n / 7), 1)) for n in range(points))
    return ReleasedPass(
        start_ms=START_MS,
        end_ms=START_MS + HOUR_MS,
        evidence="measured",
        width_m=200.0,
        height_m=120.0,
        outlines=(((1.0, 1.0), (199.0, 1.0), (199.0, 119.0), (1.0, 119.0)),),
        track=track,
        time_s=tuple(round(14.4 * n, 1) for n in range(points)),
    )


def released(weeks: int = 3, points: int = 20, harvests: int = 1) -> ReleasedLot:
    treatment = ReleasedClaim(
        kind="treatment",
        start_ms=START_MS,
        end_ms=START_MS + 1,
        evidence="declared",
        what="苯醚甲环唑 + 嘧菌酯",
        figures={},
    )
    claims = (*(week(number) for number in range(weeks)), *[treatment] * (weeks // 2))
    harvest = ReleasedHarvest(
        time_ms=START_MS + 30 * WEEK_MS, grams=2500, crop="strawberry", variety="红颜", place="", evidence="declared"
    )
    certificate = ReleasedCertificate(
        number="20260901-0001", product="草莓", grams=120_000, origin="湖北省" * 20, issuer="合作社", contact="1",
        issued_ms=START_MS, basis=("own_control", "own_test", "commissioned_test"), tested="检测" * 300,
    )  # fmt: skip
    return ReleasedLot(
        code="20260901-A1", product="草莓", crop="strawberry", grams=120_000, packs=48, made_ms=START_MS,
        simulated=False, gtin="09506000134352",
        issuer="合作社" * 20, contact="1", origin="湖北省" * 20, message="好" * 500,
        time_zone="Asia/Shanghai", harvests=(harvest,) * harvests, claims=claims, is_whole=True,
        passes=(drawn_pass(points),) * 2, certificate=certificate,
        events=tuple(f"ni:///sha-256;{n:064x}?ver=CBV2.0" for n in range(harvests)), released_ms=START_MS,
    )  # fmt: skip


def shown(lot: ReleasedLot, *, is_void: bool = False) -> PublicLot:
    log = SmallLog([msgspec.json.encode(lot).decode()])
    proof: ProofDocument = log.proof(0)
    return PublicLot(lot, proof, ADDRESS, is_void=is_void)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_largest_page_has_at_most_100_kb(language: Language) -> None:
    lot = released(weeks=66, points=250, harvests=50)
    assert len(lot.claims) == 99
    assert len(write_page(shown(lot), language)) <= MOST_BYTES


def test_a_week_without_a_reading_is_a_gap() -> None:
    weeks = [week(0), week(1), week(2, air_temperature_mean_degc=None), week(3)]
    drawn = draw_weeks(weeks, "air_temperature_mean_degc", None, None, "t")
    lines = re.findall(r'd="(M[^"]+)" fill="none"', drawn)
    assert [line.count("L") for line in lines] == [1, 0]
    assert drawn.count("<circle") == 3
    assert draw_weeks(weeks, "co2_ppm", None, None, "t") == ""


def test_what_is_simulated_or_void_says_so_first() -> None:
    lot = msgspec.structs.replace(released(), simulated=True, is_whole=False)
    page = write_page(shown(lot, is_void=True), "en").decode()
    for sentence in (
        "SIMULATED: this lot does not exist",
        "The certificate of this lot is void",
        "Only the latest part",
    ):
        assert page.index(sentence) < page.index("承诺达标合格证</h2>" if "承诺达标合格证</h2>" in page else "<dl>")
    assert "hasCertification" not in page
    assert "SIMULATED" in write_overlay(lot, ADDRESS, "16:9", "en", {}, START_MS).decode()
    assert "SIMULATED" in draw_card(lot, ADDRESS, "en").decode()


def test_the_overlay_tells_age_and_climate_and_never_an_old_one() -> None:
    lot = released()
    now_ms = lot.harvests[0].time_ms + 3 * HOUR_MS
    live = {"air_temperature_degc": 21.34, "relative_humidity_pct": None}
    page = write_overlay(lot, ADDRESS, "9:16", "zh", live, now_ms).decode()
    assert "3 小时前采收" in page
    assert "21.3 °C" in page
    assert "暂无实时数据" in write_overlay(lot, ADDRESS, "9:16", "zh", dict.fromkeys(live), now_ms).decode()
    wording = Wording("en", "nowhere/else")
    assert wording.picked(0, 47 * HOUR_MS) == "Picked 47 h ago"
    assert wording.picked(0, 49 * HOUR_MS) == "Picked 2 days ago"


def test_a_replay_passes_every_point_at_its_time() -> None:
    still = msgspec.structs.replace(drawn_pass(4), time_s=(0.0, 10.0, 10.0, 40.0))
    drawn = draw_replay(still, "t")
    assert 'keyTimes="0.0000;0.2500;0.2500;1.0000"' in drawn
    assert 'dur="15s"' in drawn


def test_the_code_is_read_back_by_another_program() -> None:
    import numpy as np
    import zxingcpp

    link = f"https://station.test/01/09506000134352/10/20260901-A1?t={'A' * 22}"
    drawn = draw_qr(link)
    side = int(re.findall(r'viewBox="0 0 (\d+)', drawn)[0])
    image = np.full((side * 4, side * 4), 255, np.uint8)
    for column, row in re.findall(r"M(\d+) (\d+)h1", drawn):
        image[int(row) * 4 : int(row) * 4 + 4, int(column) * 4 : int(column) * 4 + 4] = 0
    (found,) = zxingcpp.read_barcodes(image)
    assert found.text == link


def test_the_page_begins_with_the_crop_in_its_language_and_who_grew_it_where_and_when() -> None:
    harvest = msgspec.structs.replace(released().harvests[0], place="2 号棚")
    lot = msgspec.structs.replace(released(), product="Sweetheart", harvests=(harvest,), grower="王建国", origin="句容")
    zh, en = (write_page(shown(lot), language).decode() for language in ("zh", "en"))
    assert "<h1>草莓 · Sweetheart</h1>" in zh
    assert "<h1>Strawberry · Sweetheart</h1>" in en
    assert "王建国种在句容 2 号棚，2026年12月25日采收。" in zh
    assert "Grown by 王建国 in 句容 2 号棚, picked on 25 Dec 2026." in en
    assert zh.index("示意图，不是照片") < zh.index("王建国种在")


@pytest.mark.parametrize(
    ("grower", "origin", "told"),
    [
        ("王建国", "", "王建国种的，2026年12月25日采收。"),
        ("", "句容", "种在句容，2026年12月25日采收。"),
        ("", "", "2026年12月25日采收。"),
    ],
)
def test_what_was_not_released_is_left_out_of_the_story(grower: str, origin: str, told: str) -> None:
    lot = msgspec.structs.replace(released(), grower=grower, origin=origin)
    assert told_story(lot, Wording("zh", "Asia/Shanghai")) == told


def test_a_lot_is_called_not_recalled_only_while_nothing_stands_against_it() -> None:
    said = "没有召回。"
    assert said in write_page(shown(released()), "zh").decode()
    assert said not in write_page(shown(released(), is_void=True), "zh").decode()
    assert said not in write_page(replace(shown(released()), is_withdrawn=True), "zh").decode()


def test_the_season_draws_a_column_for_each_known_week_and_nothing_for_others() -> None:
    wording = Wording("zh", "Asia/Shanghai")
    unknown = week(2, air_temperature_low_degc=None)
    drawn = draw_season(msgspec.structs.replace(released(), claims=(week(0), week(1), unknown, week(3))), wording)
    (columns,) = re.findall(r'<path d="(M[^"]+)" fill="#b8490f"', drawn)
    assert columns.count("M") == 3
    assert "31 °C" in drawn
    assert "浇水" not in drawn
    treatment = next(each for each in released().claims if each.kind == "treatment")
    assert draw_season(msgspec.structs.replace(released(), claims=(treatment,)), wording) == ""


def test_a_lot_without_a_test_of_residues_says_so() -> None:
    said = "没有公开农药残留检测"
    assert said not in write_page(shown(released()), "zh").decode()
    certificate = released().certificate
    assert certificate is not None
    own = msgspec.structs.replace(certificate, basis=("own_control",))
    for other in (own, None):
        assert said in write_page(shown(msgspec.structs.replace(released(), certificate=other)), "zh").decode()
