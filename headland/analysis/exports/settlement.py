"""Tables of a pass's settlement, of the cells of its map, and of the ledger."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

import numpy as np

from headland.agronomy.application.as_applied import EVIDENCE
from headland.agronomy.geometry.outline import PLACES
from headland.agronomy.prescription.nutrients import MU_PER_HA
from headland.analysis.exports.as_applied import cells_of
from headland.analysis.passes.as_applied import AppliedPass
from headland.analysis.passes.detection import FieldPass
from headland.analysis.passes.nutrients import PlotShare
from headland.formats.tables.writers import Cells, DataTable, Kind, Slice
from headland.registry.repositories.ledger.entries import LedgerEntry

_M2_PER_HA: Final = 10_000.0


def settlement_table(
    field_pass: FieldPass, shares: list[PlotShare], owners: Mapping[str, str], product: str, unit: str
) -> DataTable:
    """Return a row for each plot on which product landed: its owner, treated ground and amount.

    `owners` are those of each field by its id, as `read_owners` has them.
    """
    plots = sorted(shares, key=lambda share: (owners[share.field.id], share.field.name))
    area_ha = np.array([share.treated_m2 for share in plots], np.float64) / _M2_PER_HA
    applied = f"applied_{unit.lower()}"
    kinds: dict[str, Kind] = {
        "owner": "text", "field": "text", "pass": "text", "device": "text", "start_ms": "integer", "product": "text",
        "treated_ha": "number", "treated_mu": "number", applied: "number", "simulated": "truth",
    }  # fmt: skip
    rows: Slice = {
        "owner": np.array([owners[share.field.id] for share in plots], object),
        "field": np.array([share.field.name for share in plots], object),
        "pass": field_pass.id,
        "device": field_pass.device,
        "start_ms": field_pass.start_ms,
        "product": product,
        "treated_ha": area_ha.round(4),
        "treated_mu": (area_ha * MU_PER_HA).round(3),
        applied: np.array([share.amount for share in plots], np.float64).round(3),
        "simulated": field_pass.simulated,
    }
    return DataTable(f"settlement-{field_pass.id.replace('~', '-')}", kinds, iter([rows]))


def entries_table(pages: Iterator[list[LedgerEntry]]) -> DataTable:
    """Return the whole ledger as a table; `body` is JSON."""
    kinds: dict[str, Kind] = {
        "seq": "integer", "time_ms": "integer", "time_utc": "instant", "who": "text", "kind": "text", "field": "text",
        "pass_id": "text", "body": "text", "hash": "text",
    }  # fmt: skip

    def rows_of(page: list[LedgerEntry]) -> Slice:
        rows: dict[str, Cells] = {}
        for name, kind in kinds.items():
            values = [getattr(entry, "time_ms" if name == "time_utc" else name) for entry in page]
            rows[name] = np.array(values, np.int64 if kind in ("integer", "instant") else object)
        return rows

    return DataTable("ledger", kinds, map(rows_of, pages))


def cells_table(applied: AppliedPass) -> DataTable:
    """Return a row for each cell of the field and each treated cell outside it."""
    at, south, west, north, east = cells_of(applied)
    applied_map, unit = applied.map, applied.unit.lower()
    kinds: dict[str, Kind] = {
        "latitude_deg": "number", "longitude_deg": "number", f"rate_{unit}_ha": "number", f"amount_{unit}": "number",
        "evidence": "text", "place": "text", "simulated": "truth",
    }  # fmt: skip
    known = ~np.isnan(applied_map.rate_ha[at])
    rows: Slice = {
        "latitude_deg": ((south + north) / 2).round(8),
        "longitude_deg": ((west + east) / 2).round(8),
        f"rate_{unit}_ha": applied_map.rate_ha[at].round(3),
        f"amount_{unit}": np.where(known, applied_map.amount[at], np.nan).round(6),
        "evidence": np.array(EVIDENCE, object)[applied_map.evidence[at]],
        "place": np.array(PLACES, object)[applied_map.places[at]],
        "simulated": applied.field_pass.simulated,
    }
    return DataTable(f"as-applied-{applied.field_pass.id.replace('~', '-')}", kinds, iter([rows]))
