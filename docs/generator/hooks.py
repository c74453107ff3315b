"""Hooks of MkDocs: fill in the generated parts, and move inline scripts into files.

A page has the mark `<!-- generated: NAME -->` where the generator inserts its part, so nothing that is generated is
committed and nothing can drift. The station serves the pages with a policy that permits no inline scripts.
"""

from __future__ import annotations

import hashlib
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from mkdocs.structure.files import File

ROOT: Final = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:  # mkdocs loads this file by its path
    sys.path.insert(0, str(ROOT))

from docs.generator import (  # noqa: E402
    commands,
    decisions,
    lifecycle,
    methods,
    metrics,
    personal_data,
    problems,
    roles,
    routes,
    science,
    settings,
    tasks,
    terms,
    theme_notices,
)

PARTS: Final[dict[str, Callable[[], str]]] = {
    "commands": commands.to_markdown,
    "decisions": decisions.to_markdown,
    "endings": science.endings_to_markdown,
    "exit_codes": commands.exit_codes_to_markdown,
    "formulas": science.formulas_to_markdown,
    "indices": science.indices_to_markdown,
    "ingest_settings": settings.ingest_to_markdown,
    "lifecycle": lifecycle.to_markdown,
    "limits": settings.limits_to_markdown,
    "methods": methods.to_markdown,
    "metrics": metrics.to_markdown,
    "personal_data": personal_data.to_markdown,
    "problems": lambda: problems.to_markdown("en"),
    "quantities": science.quantities_to_markdown,
    "roles": roles.to_markdown,
    "routes": routes.to_markdown,
    "senml_units": science.senml_units_to_markdown,
    "settings": settings.to_markdown,
    "validity": science.validity_to_markdown,
    "zh_indices": terms.indices_to_markdown,
    "zh_lifecycle": lambda: lifecycle.to_markdown("zh"),
    "zh_methods": lambda: terms.group_to_markdown("methods"),
    "zh_personal_data": lambda: personal_data.to_markdown("zh"),
    "zh_problems": lambda: problems.to_markdown("zh"),
    "zh_quality_tests": lambda: terms.group_to_markdown("quality_tests"),
    "zh_quantities": terms.quantities_to_markdown,
    "zh_reasons": lambda: terms.group_to_markdown("reasons"),
}
MARK: Final = re.compile(r"^<!-- generated: (\w+) -->$", re.MULTILINE)
_INLINE_SCRIPT: Final = re.compile(r"<script>(.*?)</script>", re.DOTALL)


def on_config(config: Any) -> Any:
    """Add the pages of the tasks to the navigation, of either language in its part."""
    english = {"By clicking": tasks.navigation("en")}
    chinese = {"按步骤操作": tasks.navigation("zh")}
    config["nav"].insert(1, english)
    part = next(part["中文"] for part in config["nav"] if "中文" in part)
    part.insert(1, chinese)
    return config


def on_files(files: Any, *, config: Any) -> Any:
    """Add the pages that are made of the tasks."""
    for path, content in tasks.pages():
        files.append(File.generated(config, path, content=content))
    return files


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Replace the marks of a page by their generated parts."""
    return MARK.sub(lambda mark: PARTS[mark[1]](), markdown)


def on_post_page(output: str, *, page: Any, config: Any) -> str:
    """Move the inline scripts of a page into files, which a strict content security policy permits."""
    depth = page.url.count("/")
    return _INLINE_SCRIPT.sub(lambda script: _to_file(script[1], "../" * depth, Path(config["site_dir"])), output)


def on_post_template(output_content: str, *, template_name: str, config: Any) -> str:
    """Do the same for the page of a missing address."""
    if not template_name.endswith(".html"):
        return output_content
    return _INLINE_SCRIPT.sub(lambda script: _to_file(script[1], "/help/", Path(config["site_dir"])), output_content)


def on_post_build(*, config: Any) -> None:
    """Write the notices of what the pages contain of others."""
    theme_notices.write_notices(Path(config["site_dir"]))


def _to_file(script: str, root: str, site: Path) -> str:
    name = f"assets/javascripts/inline-{hashlib.sha256(script.encode()).hexdigest()[:8]}.js"
    (site / name).parent.mkdir(parents=True, exist_ok=True)
    (site / name).write_text(script, encoding="utf-8")
    return f'<script src="{root}{name}"></script>'
