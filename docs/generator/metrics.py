"""Table of the metrics, from the table that declares them."""

from __future__ import annotations

from api.ops.families import LABELLED, METRICS
from docs.generator.tables import table


def to_markdown() -> str:
    """Return a row for each metric: its name, its kind, its labels, and what it is."""
    of_parts = [(row.exported, row.kind, (), row.meaning.replace("*", "the word in its name")) for row in METRICS]
    of_labels = [
        (f"{name}_total" if kind == "counter" else name, kind, labels, meaning)
        for name, (kind, meaning, labels) in LABELLED.items()
    ]
    rows = [
        [f"`{name}`", kind, ", ".join(f"`{label}`" for label in labels), meaning]
        for name, kind, labels, meaning in sorted([*of_parts, *of_labels])
    ]
    return table(["metric", "kind", "labels", "what it is"], rows)
