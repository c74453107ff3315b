"""Walks a task of the help on a page: each step by the label that its sentence shows; takes its pictures."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from pathlib import Path
from typing import Final, cast

from playwright.sync_api import Locator, Page, expect

from docs.generator.tasks import Action, Language, Step, Task, label_of

#: A phone: what a grower has at hand.
FILES: Final = Path(__file__).parent / "files"
SIZE: Final = {"width": 390, "height": 700}
_ROLES: Final = frozenset({"button", "link", "tab", "heading", "option"})
#: What may follow a label: a count or a unit, or what a fold says of its content.
_MARKED: Final = r"(\W.*|\d.*)?"
_RESTS: Final = {"link": _MARKED, "field": _MARKED, "summary": ".*"}
_OUTLINE: Final = "element => { element.style.outline = '4px solid #e8590c'; element.style.outlineOffset = '2px'; }"
_NO_OUTLINE: Final = "element => { element.style.outline = ''; element.style.outlineOffset = ''; }"
#: Takes the picture of a step (its number from 1).
Camera = Callable[[int, Page], None]


def walk(page: Page, task: Task, language: Language, named_in: Language, camera: Camera | None = None) -> None:
    """Do every step of a task; fails where a label is not on the page, or is there twice."""
    for number, step in enumerate(task.step, 1):
        actions = step.actions()
        for at, action in enumerate(actions):
            place = _place(page, step, action, language, named_in)
            is_pictured = camera is not None and step.picture and at == len(actions) - 1
            if is_pictured:
                _show(page, place)
            if is_pictured and camera is not None:
                camera(number, page)
                place.evaluate(_NO_OUTLINE)
            _do(place, action, language, named_in)


def begin(page: Page, task: Task) -> None:
    """Go to where a task begins, once somebody is signed in."""
    expect(page.locator(".page")).to_have_attribute("data-mounted", "true")
    page.evaluate("address => (location.hash = address)", task.start)
    expect(page.locator(".page")).to_have_attribute("data-mounted", "true")


def take_webp(page: Page, quality: int) -> bytes:
    """Return a picture of what is in view as WebP."""
    session = page.context.new_cdp_session(page)
    shot = session.send("Page.captureScreenshot", {"format": "webp", "quality": quality})
    session.detach()
    return base64.b64decode(shot["data"])


def _show(page: Page, place: Locator) -> None:
    expect(place).to_be_visible()
    expect(page.locator("progress:visible")).to_have_count(0)
    place.evaluate("element => element.scrollIntoView({block: 'center'})")
    place.evaluate(_OUTLINE)
    page.wait_for_function("document.fonts.status === 'loaded'")


def _place(page: Page, step: Step, action: Action, language: Language, named_in: Language) -> Locator:
    inside = page.locator(step.within) if step.within else page.locator("body")
    label = _pattern(label_of(action.key, language, named_in), _RESTS.get(action.role, r"[\s*:：]*"))
    if action.role == "field":
        return inside.get_by_label(label)
    if action.role == "summary":
        return inside.locator("summary").filter(has_text=label)
    if action.role == "text":
        return inside.get_by_text(label)
    assert action.role in _ROLES
    found = inside.get_by_role(cast("Language", action.role), name=label)  # type: ignore[arg-type]  # one of _ROLES
    return found.locator("visible=true")


def _pattern(label: str, rest: str) -> re.Pattern[str]:
    """Return what a label looks like on the page: what is filled in may be anything, and `rest` may follow."""
    parts = [re.escape(part) for part in re.split(r"\{\w+\}", label)]
    return re.compile(rf"^\s*(\d+\s+)?{'.+'.join(parts)}{rest}$", re.DOTALL)


def _do(place: Locator, action: Action, language: Language, named_in: Language) -> None:
    value = action.value.replace("{language}", language)
    if value.startswith(("@", "term:", "key:")):
        value = label_of(value.removeprefix("key:"), language, named_in)
    if action.verb == "click":
        place.click()
    elif action.verb == "fill":
        place.fill(value)
    elif action.verb == "upload":
        place.set_input_files(FILES / value)
    elif action.verb == "choose":
        exact = place.locator("option").filter(has_text=_pattern(value, ""))
        options = place.locator("option").filter(has_text=value)
        options.first.wait_for(state="attached")
        place.select_option(label=(exact if exact.count() else options).first.inner_text())
    else:
        expect(place).to_be_visible()
