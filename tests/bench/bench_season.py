"""Plays a season of a simulated cooperative and settles it: members, plots, passes by two operators, harvest.

Every block of plots is flown twice, by one operator and three days later by the other, with the same product: the
second pass is charged nowhere that the first has been. Figures are seconds of each step, and differences that must be
0: of charges and statements, of ground and lines. `--keep FOLDER` writes a statement in both languages, the
spreadsheet of all and the claim pack. Seconds are of the processor.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path

import numpy as np

from headland.analysis.cooperative.claims import claim_pack, find_claims, keep_claims
from headland.analysis.cooperative.disputes import close_dispute, open_dispute
from headland.analysis.cooperative.settlement import settle_season
from headland.analysis.cooperative.treated_entries import passes_of_period, record_treated
from headland.analysis.inputs.scope import OrgScope
from headland.analysis.inputs.window import Window
from headland.contract.records import ChannelInfo, Descriptor
from headland.registry.models.cooperative import AccountEntry, AccountKind, SubsidyRule, TariffRecord
from headland.registry.models.models import (
    Farm,
    Field,
    Implement,
    ImplementKind,
    PatternPoint,
    Product,
    ProductKind,
    Site,
)
from headland.registry.models.people import Holding, HoldingKind, Person
from headland.registry.registry import open_registry
from headland.registry.repositories.organisation_repositories import OrganisationRepositories
from headland.reports.html import write_html
from headland.reports.pdf import write_pdf
from headland.reports.rendering import ReportLocale
from headland.reports.statement_report import make_statement_document, write_statement_xlsx
from headland.store.memory import MemoryStore
from tests.api.farm import EAST_DEG_M, NORTH_DEG_M, OWN, START_MS, write_series
from tests.api.spread_field import box

DAY_MS = 86_400_000
VARIETIES = ("Yangmai 25", "Ningmai 13", "Zhenmai 12")
#: A block is 200 m by 40 m, as the flight below treats it; blocks are a kilometre apart.
BLOCK_M = (200.0, 40.0)
APART_M = 1000.0


def fly(store: MemoryStore, device: str, north_m: float, start_ms: int) -> None:
    """Spread 18 kg/min over the eight swaths of a block."""
    seconds = np.arange(401)
    swath, into = seconds // 50, seconds % 50
    along = np.minimum(into, 40) * 5.0
    flow = np.where((into >= 1) & (into <= 39), 18.0, 0.0)
    columns = {
        "latitude_deg": (north_m + 2.5 + swath * 5.0 + np.maximum(into - 40, 0) * 0.5) / NORTH_DEG_M,
        "longitude_deg": 10.0 + np.where(swath % 2 == 0, along, 200.0 - along) / EAST_DEG_M,
        "pump_on": (flow > 0).astype(np.float64),
        "mass_flow_kg_min": flow,
    }
    write_series(store, OWN, "home", "drone", device, start_ms + 1000 * seconds, columns, simulated=True)
    channels = {channel: ChannelInfo(unit="1") for channel in columns}
    channels["mass_flow_kg_min"] = ChannelInfo(unit="kg/min")
    store.describe(
        OWN,
        "gw-1",
        Descriptor(device=device, kind="drone", site="home", name=device, channels=channels, simulated=True),
    )


def settle_people(repositories: OrganisationRepositories, members: int, plots: int, blocks: int) -> list[Field]:
    """Add members and plots, each plot held by one member, every tenth by two."""
    farm = repositories.farms.add(Farm(name="cooperative", longitude_deg=10.0, latitude_deg=0.1))
    repositories.sites.add(
        Site(farm=farm.id, name="home", time_zone="Asia/Shanghai", longitude_deg=10.0, latitude_deg=0.1)
    )
    people, _ = repositories.add_people([Person(name=f"社员{n:03}", number=f"{n:03}") for n in range(members)], [])
    across = plots // blocks
    width_m = BLOCK_M[0] / across
    fields = []
    for number in range(plots):
        block, place = divmod(number, across)
        south_m = block * APART_M
        fields.append(
            Field(farm=farm.id, name=f"{block:02}-{place:02}",
                  geometry=box(place * width_m, south_m, (place + 1) * width_m, south_m + BLOCK_M[1]))
        )  # fmt: skip
    made = repositories.fields.add_all(fields)
    held = []
    for number, field in enumerate(made):
        owners = [people[number % members]] + ([people[(number + 1) % members]] if number % 10 == 0 else [])
        held += [
            Holding(field=field.id, person=person.id, kind=HoldingKind.LEASE, parts=1, of_parts=len(owners))
            for person in owners
        ]
    repositories.add_people([], held)
    for number, person in enumerate(people):
        for kind, amount_fen, grams in (
            (AccountKind.ADVANCE, 5_000, 0),
            (AccountKind.DELIVERY, 250_000 + number, 1_000_000),
        ):
            note = VARIETIES[number % 3] if grams else ""
            repositories.accounts.add(
                AccountEntry(person=person.id, kind=kind, time_ms=START_MS + 30 * DAY_MS, amount_fen=amount_fen,
                             grams=grams, note=note)
            )  # fmt: skip
    return made


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--members", type=int, default=300)
    parser.add_argument("--plots", type=int, default=900)
    parser.add_argument("--passes", type=int, default=40)
    parser.add_argument("--keep", type=Path)
    options = parser.parse_args()
    blocks = options.passes // 2
    figures: dict[str, float] = {}
    began = time.process_time()

    def note(step: str) -> None:
        nonlocal began
        figures[step] = round(time.process_time() - began, 2)
        began = time.process_time()

    store, folder = MemoryStore(), tempfile.TemporaryDirectory()
    registry = open_registry(f"sqlite:///{folder.name}/registry.sqlite", lambda: START_MS + 60 * DAY_MS)
    repositories = registry.repositories(registry.add_organisation(OWN, "合作社", "bench").id, "bench")
    fields = settle_people(repositories, options.members, options.plots, blocks)
    pattern = tuple(PatternPoint(offset_m=x, rate=r) for x, r in ((-2.5, 1.0), (0.0, 1.0), (2.5, 1.0)))
    for block in range(blocks):
        for days, operator in ((0, "operator-a"), (3, "operator-b")):
            fly(store, operator, block * APART_M, START_MS + days * DAY_MS + block * 900_000)
    for operator in ("operator-a", "operator-b"):
        device = repositories.record_descriptor(
            "gw-1", next(r.descriptor for r in store.devices(OWN) if r.descriptor.device == operator)
        )
        repositories.implements.add(
            Implement(name=operator, kind=ImplementKind.SPREADER, swath_m=5.0, pattern=pattern, max_flow_kg_min=60.0,
                      device=device.id)
        )  # fmt: skip
    repositories.products.add(Product(name="Urea", kind=ProductKind.GRANULAR, n_pct=46.0, p2o5_pct=0.0, k2o_pct=0.0))
    note("setting_up_s")
    scope = OrgScope(store, registry, OWN, START_MS + 60 * DAY_MS, "bench")
    window = Window(START_MS - DAY_MS, START_MS + 60 * DAY_MS)
    passes = list(passes_of_period(scope, window))
    note("listing_passes_s")
    figures["passes_on_fields"] = len(passes)
    for field_pass in passes:
        record_treated(scope, field_pass)
    note("recording_ground_s")
    tariff = repositories.tariffs.add(
        TariffRecord(name="2026", per_mu_fen=801, per_kg_fen=37, minimum_fen=300, night_pct=20, dividend_fen=1_000_001)
    )
    made = settle_season(scope, tariff, window)
    note("settling_s")
    works = [line for each in made.statements for line in each.lines if line["kind"] == "work"]
    balances = sum(each.balance_fen for each in made.statements)
    entries = sum(entry.amount_fen for entry in repositories.accounts.records.all())
    figures["people"] = made.run.people
    figures["treated_mu"] = round(made.run.area_m2 * 3 / 2000, 1)
    figures["flown_mu"] = round(blocks * BLOCK_M[0] * BLOCK_M[1] * 3 / 2000, 1)
    figures["charges_less_lines_fen"] = made.run.charged_fen + sum(line["amount_fen"] for line in works)
    figures["ground_less_lines_m2"] = made.run.area_m2 - sum(line["area_m2"] for line in works)
    figures["balances_less_ledger_fen"] = balances - (entries + tariff.dividend_fen - made.run.charged_fen)
    figures["second_run_is_another"] = float(settle_season(scope, tariff, window).run.id != made.run.id)
    note("settling_again_s")
    rule = repositories.subsidy_rules.add(SubsidyRule(name="2026", fen_per_mu=1500, least_coverage_pct=80.0))
    claims = find_claims(scope, rule, window)
    keep_claims(scope, rule, claims)
    pack = claim_pack(scope, rule, claims, window)
    note("claiming_s")
    figures["claimed_mu"] = round(sum(each.claim.area_m2 for each in claims) * 3 / 2000, 1)
    middle = 10.0 + 5.0 / EAST_DEG_M, 20.0 / NORTH_DEG_M
    first = next(each for each in passes if each.field.id == fields[0].id)
    dispute = open_dispute(scope, first.id, middle[1], middle[0], "not reached here", None)
    close_dispute(scope, dispute.seq, "rejected", "the meter shows it", None)
    note("dispute_s")
    if options.keep is not None:
        options.keep.mkdir(parents=True, exist_ok=True)
        document = make_statement_document(scope, made.statements[0])
        for language in ("en", "zh"):
            locale = ReportLocale(language, document.zone)
            (options.keep / f"statement-{language}.html").write_bytes(write_html(document, locale))
            (options.keep / f"statement-{language}.pdf").write_bytes(write_pdf(document, locale))
            book = write_statement_xlsx(scope, made.statements, language)
            (options.keep / f"statements-{language}.xlsx").write_bytes(book)
        (options.keep / "claims.zip").write_bytes(pack)
    figures["ledger_entries"] = repositories.ledger.check().entries
    registry.close()
    folder.cleanup()
    print(json.dumps(figures, indent=None if options.json else 1))


if __name__ == "__main__":
    main()
