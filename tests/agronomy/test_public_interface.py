"""The public interface of the science: every function is documented, and one without a caller is named."""

from __future__ import annotations

import inspect
import re
from collections import Counter
from collections.abc import Iterator

import headland.agronomy
from docs.generator.methods import modules
from docs.generator.science import formulas_to_markdown
from tests.floors.modules import ROOT

PARTS = ("headland", "edge", "ingest", "api", "firmware_sim", "station")


def functions() -> Iterator[tuple[str, str]]:
    """Module and name of each public function of the science."""
    for module in modules(headland.agronomy):
        for name, value in vars(module).items():
            if inspect.isfunction(value) and value.__module__ == module.__name__ and not name.startswith("_"):
                yield module.__name__, name


def test_every_public_function_is_on_the_page_of_methods_with_its_contract() -> None:
    page = formulas_to_markdown()
    assert len(list(functions())) > 100
    for module, name in functions():
        section = page.split(f"### {module.removeprefix('headland.')}\n")[1].split("\n### ")[0]
        text = re.search(rf"\*\*`{name}\(.*?\)`\*\*\n\n(?:```text\n)?(.*)", section)
        assert text is not None, name
        assert re.match(r"(Return|Raise) .*\w", text[1]), (module, name, text[1])


def test_functions_that_no_answer_uses_are_those_that_the_page_of_methods_names() -> None:
    code = "\n".join(path.read_text(encoding="utf-8") for part in PARTS for path in sorted((ROOT / part).rglob("*.py")))
    words = Counter(re.findall(r"\b\w+\b(?!\))", code))
    uses = {name: words[name] for _, name in functions()}
    page = (ROOT / "docs/reference/methods.md").read_text(encoding="utf-8")
    listed = page.split("Some of them no answer uses")[1].split("<!--")[0]
    assert sorted(re.findall(r"`(\w+)`", listed)) == sorted(name for name, count in uses.items() if count == 1)
