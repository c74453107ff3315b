"""Scores of Lighthouse for the first page of `headland up`, as a phone and as a desktop have it.

`(cd tests/bench/lighthouse && npm ci)` installs it. Without `--farm ADDRESS --key FILE` a farm is started in a new
folder, and measured once its simulated past is there (minutes). What an audit found is on standard error. Times are
those of this machine while nothing else runs, slowed as Lighthouse does.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import msgspec

from tests.bench.bench_jobs import started_farm
from tests.machine import find_program

PROGRAM: Final = Path(__file__).parent / "lighthouse" / "node_modules" / "lighthouse" / "cli" / "index.js"
_CATEGORIES: Final = "performance,accessibility,best-practices"
_FORMS: Final[dict[str, list[str]]] = {"phone": [], "desktop": ["--preset=desktop"]}
#: Figures beside the scores, by the audit that has them [ms, or a share of the screen].
_FIGURES: Final = {
    "first-contentful-paint": "first_paint_ms",
    "largest-contentful-paint": "largest_paint_ms",
    "total-blocking-time": "blocking_ms",
    "speed-index": "speed_index_ms",
    "cumulative-layout-shift": "layout_shift",
}
_DEADLINE_S: Final = 300.0
#: An audit below this is told.
_PASSED: Final = 0.9


def measure(base: str, key: str, options: list[str]) -> dict[str, float]:
    """Return the scores of the first page, of 100 each, and its figures."""
    headers = json.dumps({"Authorization": f"Bearer {key}"})
    line = [str(find_program("node")), str(PROGRAM), base, "--quiet", "--output=json", f"--extra-headers={headers}"]
    line += [f"--only-categories={_CATEGORIES}", "--chrome-flags=--headless=new --no-sandbox --disable-gpu", *options]
    environment = {**os.environ, "CHROME_PATH": str(find_program("chromium"))}
    done = subprocess.run(line, env=environment, stdout=subprocess.PIPE, check=True, timeout=_DEADLINE_S)
    report: dict[str, Any] = msgspec.json.decode(done.stdout)
    found: dict[str, float] = {}
    for name, category in report["categories"].items():
        found[name.replace("-", "_")] = round(100 * category["score"])
        for reference in category["auditRefs"]:
            tell(name, report["audits"][reference["id"]])
    for audit, name in _FIGURES.items():
        found[name] = round(report["audits"][audit]["numericValue"], 3 if name == "layout_shift" else 0)
    requests = report["audits"]["network-requests"]["details"]["items"]
    found["requests"] = len(requests)
    found["transferred_kB"] = round(sum(request["transferSize"] for request in requests) / 1000.0, 1)
    return found


def tell(category: str, audit: dict[str, Any]) -> None:
    """Print an audit that was not passed, with the first of what it found."""
    if audit["score"] is None or audit["score"] >= _PASSED:
        return
    print(f"{category}: {audit['title']} {audit.get('displayValue', '')}", file=sys.stderr)
    for item in audit.get("details", {}).get("items", [])[:5]:
        print(f"    {json.dumps(item, ensure_ascii=False)[:300]}", file=sys.stderr)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--farm", help="address of a running farm")
    parser.add_argument("--key", type=Path, help="file of its key")
    options = parser.parse_args()
    if not PROGRAM.exists():
        print("Lighthouse is not installed: (cd tests/bench/lighthouse && npm ci)", file=sys.stderr)
        return 1

    def measure_all(base: str, key_path: Path) -> dict[str, dict[str, float]]:
        key = key_path.read_text(encoding="utf-8").strip()
        return {name: measure(base, key, more) for name, more in _FORMS.items()}

    if options.farm:
        found = measure_all(options.farm, options.key)
    else:
        with started_farm() as (base, key_path):
            found = measure_all(base, key_path)
    print(json.dumps(found, indent=None if options.json else 2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
