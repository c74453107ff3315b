"""A tiny checkout with the real bootstrap.py in it, whose installations are written down instead of done."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]


class Checkout:
    """`lines` are the commands that a set-up ran, in order; `fail_at` makes one whose text holds it be interrupted."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.lines: list[str] = []
        self.fail_at: str | None = None
        (folder / "requirements").mkdir(parents=True)
        for name in ("installer", "run", "dev"):
            (folder / "requirements" / f"{name}.lock").touch()
        (folder / "pyproject.toml").touch()
        shutil.copy(ROOT / "bootstrap.py", folder)

    def load(self) -> ModuleType:
        """Return a fresh bootstrap module whose programs are this checkout's record."""
        spec = importlib.util.spec_from_file_location("bootstrap_under_test", self.folder / "bootstrap.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        vars(module)["call"] = self._call
        return module

    def set_up(self, lock_name: str) -> list[str]:
        """Set up as a new call would; return what it ran."""
        self.lines.clear()
        self.load().set_up(lock_name)
        return list(self.lines)

    def run(self, *words: str, before: str = "", env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        """Call bootstrap.py in a process of its own, after the Python statements in `before`."""
        script = f"import runpy, sys; sys.argv = ['bootstrap.py', *{words!r}]; {before}\n"
        script += f"runpy.run_path({str(self.folder / 'bootstrap.py')!r}, run_name='__main__')"
        return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, env=env)

    def _call(self, line: list[str], what_failed: str) -> None:
        text = " ".join(line)
        self.lines.append(text)
        if self.fail_at and self.fail_at in text:
            raise KeyboardInterrupt
        if line[1:3] == ["-m", "venv"]:
            venv = Path(line[3])
            (venv / "bin").mkdir(exist_ok=True)
            (venv / "bin" / "python").touch()
            (venv / "bin" / "uv").touch()
            version = ".".join(str(part) for part in sys.version_info[:3])
            (venv / "pyvenv.cfg").write_text(f"version = {version}\n", encoding="utf-8")
