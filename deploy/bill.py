"""Bill of materials: the packages of the dashboard beside those of Python, in CycloneDX.

`make audit` writes the Python packages of `requirements/run.lock`; this adds what the built dashboard contains, from
its own lock. Only the standard library: `bootstrap.py` runs it under any Python.

    python -m deploy.bill BILL    # adds to this file what dashboard/package-lock.json names
"""

from __future__ import annotations

import base64
import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

_ALGORITHMS: Final = {"sha256": "SHA-256", "sha384": "SHA-384", "sha512": "SHA-512"}
_FOLDER: Final = "node_modules/"


def shipped_packages(lock: str) -> dict[str, Mapping[str, Any]]:
    """Return what `package-lock.json` says of each package that is not for development alone, by its path."""
    packages: dict[str, Mapping[str, Any]] = json.loads(lock)["packages"]
    return {path: about for path, about in packages.items() if path and not about.get("dev")}


def add_dashboard(bill: str, lock: str) -> str:
    """Return a bill of materials with the packages of the dashboard's lock, each once."""
    whole = json.loads(bill)
    shipped = shipped_packages(lock)
    made = [_component(_name(path), about) for path, about in shipped.items()]
    there = {one.get("purl") for one in made}
    whole["components"] = [*(one for one in whole["components"] if one.get("purl") not in there), *made]
    refs = {_name(path): _purl(_name(path), about["version"]) for path, about in shipped.items()}
    needs = [
        {
            "ref": refs[_name(path)],
            "dependsOn": sorted(refs[name] for name in about.get("dependencies", {}) if name in refs),
        }
        for path, about in shipped.items()
    ]
    kept = [one for one in whole.get("dependencies", []) if one["ref"] not in there]
    whole["dependencies"] = [*kept, *sorted(needs, key=lambda one: str(one["ref"]))]
    return json.dumps(whole, indent=2, ensure_ascii=False) + "\n"


def missing_in_bill(bill: str, run_lock: str, dashboard_lock: str) -> list[str]:
    """Return each pinned version that a bill of materials lacks, by name and version."""
    billed = {(_full_name(one).lower(), one["version"]) for one in json.loads(bill)["components"]}
    pinned = set(re.findall(r"(?m)^([A-Za-z0-9._-]+)==([^ ;\\\n]+)", run_lock))
    pinned |= {(_name(path), about["version"]) for path, about in shipped_packages(dashboard_lock).items()}
    return sorted(f"{name}=={version}" for name, version in pinned if (name.lower(), version) not in billed)


def _component(name: str, about: Mapping[str, Any]) -> dict[str, Any]:
    group, _, short = name.rpartition("/")
    algorithm, _, digest = str(about["integrity"]).partition("-")
    purl = _purl(name, about["version"])
    made = {
        "type": "library",
        "bom-ref": purl,
        **({"group": group} if group else {}),
        "name": short,
        "version": about["version"],
        "purl": purl,
        "hashes": [{"alg": _ALGORITHMS[algorithm], "content": base64.b64decode(digest).hex()}],
    }
    if licence := about.get("license"):
        made["licenses"] = [{"expression": licence}]
    return made


def _name(path: str) -> str:
    return path.rpartition(_FOLDER)[2]


def _full_name(component: Mapping[str, Any]) -> str:
    group = component.get("group")
    return f"{group}/{component['name']}" if group else str(component["name"])


def _purl(name: str, version: str) -> str:
    return f"pkg:npm/{quote(name, safe='/')}@{version}"


def main(bill: Path) -> None:
    """Add the packages of the dashboard to a bill of materials on disk."""
    lock = Path(__file__).resolve().parent.parent / "dashboard" / "package-lock.json"
    bill.write_text(add_dashboard(bill.read_text("utf-8"), lock.read_text("utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
