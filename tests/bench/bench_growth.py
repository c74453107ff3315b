"""Growth of costs with gateways, series, points, fields, members and live clients, with a picture.

`python -m tests.bench.bench_growth [--json] [--only CURVE…] [--picture FILE]`

Each is measured at four or five sizes, in milliseconds of the processor. `exponent` is fitted over all sizes, and
`exponent_at_end` is that of the two largest, which says most about what is larger still: 0 does not grow, 1 is linear.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import sys
from pathlib import Path
from typing import Any

from tests.bench.growth.curves import CURVES
from tests.bench.growth.exponent import fit_exponent, last_exponent
from tests.bench.growth.picture import draw
from tests.bench.machine_load import busy_cores


def measure(names: list[str]) -> dict[str, dict[str, dict[int, float]]]:
    """Return the curves: by what grows and what is measured, milliseconds by size."""
    found: dict[str, dict[str, dict[int, float]]] = {}
    for name in names:
        ask, sizes = CURVES[name]
        for size in sizes:
            # A search for garbage among all that was loaded is not what is measured.
            gc.collect()
            gc.freeze()
            for measure_name, value in ask(size).items():
                found.setdefault(name, {}).setdefault(measure_name, {})[size] = value
            print(name, size, {key: round(each[size], 2) for key, each in found[name].items()}, file=sys.stderr)
    return found


def describe(curves: dict[str, dict[str, dict[int, float]]]) -> dict[str, Any]:
    """Return each curve with its exponents."""
    return {
        name: {
            measure_name: {
                "exponent": round(fit_exponent(measured), 2),
                "exponent_at_end": round(last_exponent(measured), 2),
                **{f"{size}_ms": round(value, 3) for size, value in measured.items()},
            }
            for measure_name, measured in measures.items()
        }
        for name, measures in curves.items()
    }


def main() -> None:
    """Measure, draw and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=list(CURVES), default=list(CURVES), metavar="CURVE")
    parser.add_argument("--picture", type=Path, default=Path("build/growth.svg"))
    parser.add_argument("--json", action="store_true", help="one JSON object instead of text")
    options = parser.parse_args()
    other, load = busy_cores(), os.getloadavg()[0]
    curves = measure(options.only)
    options.picture.parent.mkdir(parents=True, exist_ok=True)
    options.picture.write_text(draw(curves), encoding="utf-8")
    figures = {"other_load_cores": other, "load_before": load, **describe(curves)}
    if options.json:
        print(json.dumps(figures))
        return
    for name, measures in curves.items():
        print(name)
        for measure_name, measured in measures.items():
            shown = "  ".join(f"{size:,}: {value:,.2f}" for size, value in measured.items())
            exponents = f"{fit_exponent(measured):5.2f} {last_exponent(measured):5.2f}"
            print(f"  {measure_name:<28} {exponents}   {shown}")
    print(f"exponents over all sizes and at the end, then ms of the processor; picture in {options.picture}")


if __name__ == "__main__":
    main()
