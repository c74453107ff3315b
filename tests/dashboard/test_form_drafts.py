"""Drafts of forms are not lost, in a real browser: language, Back, reload, sign-in; and is nobody else's."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from headland.registry.models.models import Field
from tests.api.spread_field import FIELD
from tests.dashboard.conftest import Open
from tests.dashboard.farm import Farm

pytestmark = pytest.mark.services("chromium")

#: Pages whose forms are found by looking; each form that is open on them is filled.
PAGES = (
    "harvest?tab=harvest", "harvest?tab=protection", "field?tab=draw", "field?tab=inputs", "alarms?tab=recipients",
    "alarms?tab=silence", "cooperative?tab=statements", "cooperative?tab=subsidies", "settings?tab=houses",
    "settings?tab=bands", "settings?tab=sites", "settings?tab=gateways", "settings?tab=keys", "settings?tab=members",
    "cooperative?tab=people", "cooperative?tab=deliveries", "field/{field}?tab=plan", "field/{field}?tab=notes",
    "field/{field}?tab=protection", "field/{field}?tab=trials", "field/{field}?tab=water", "field/{field}?tab=yield",
)  # fmt: skip
#: Fills every empty text and number of each visible form; returns what each form has now, by form and field.
FILL = """
() => {
  const found = {};
  for (const form of document.querySelectorAll("main form[data-draft]")) {
    for (const each of form.elements) {
      if (!each.name || !each.checkVisibility()) continue;
      if (["text", "number", "email", "url", "tel"].includes(each.type) || each.tagName === "TEXTAREA") {
        each.value = each.type === "number" ? String(Math.max(Number(each.min) || 0, 0) + 3) : "https://typed.example/1";
        each.dispatchEvent(new Event("input", { bubbles: true }));
        found[form.dataset.draft + "|" + each.name] = each.value;
      }
    }
  }
  return found;
}
"""
#: Whether each form has what was typed.
KEPT = """
(typed) => Object.entries(typed).every(([key, value]) => {
  const at = key.lastIndexOf("|");
  const form = document.querySelector(`form[data-draft="${CSS.escape(key.slice(0, at))}"]`);
  return form?.elements.namedItem(key.slice(at + 1))?.value === value;
})
"""


@pytest.fixture
def second_field(farm: Farm) -> Iterator[Field]:
    """A second place of harvests."""
    known = farm.repositories.fields.get(farm.field)
    field = farm.repositories.fields.add(Field(farm=known.farm, name="West-10", geometry=FIELD, owner="Wang"))
    yield field
    farm.repositories.fields.delete(field.id, field.version)


def harvest_form(page: Page) -> Locator:
    form = page.locator("[data-panel=harvest] form")
    form.wait_for()
    return form


def has_all(form: Locator, field: Field) -> None:
    expect(form.locator("[name=place]")).to_have_value(f"field:{field.id}")
    expect(form.locator("[name=crop]")).to_have_value("wheat")
    expect(form.locator("[name=kilograms]")).to_have_value("12")
    expect(form.locator("[name=author]")).to_have_value("Li Mei")
    expect(form.locator("[name=weighed]")).to_be_checked()


def test_a_harvest_that_was_typed_outlives_language_back_and_reload_and_is_no_other_place(
    visit: Open, second_field: Field
) -> None:
    page = visit("#/harvest")
    form = harvest_form(page)
    # Of several places none is chosen for a person.
    expect(form.locator("[name=place]")).to_have_value("")
    form.locator("[name=place]").select_option(f"field:{second_field.id}")
    form.locator("[name=crop]").select_option("wheat")
    form.locator("[name=kilograms]").fill("12")
    form.locator("[name=author]").fill("Li Mei")
    form.locator("[name=weighed]").check()
    page.get_by_role("button", name="中文").click()
    has_all(harvest_form(page), second_field)
    page.get_by_role("link", name="报警", exact=True).click()
    page.locator("[data-panel=active]").wait_for()
    page.go_back()
    has_all(harvest_form(page), second_field)
    page.reload()
    has_all(harvest_form(page), second_field)
    # Until it is said to be of no use.
    form = harvest_form(page)
    form.get_by_role("button", name="清空重填").click()
    expect(form.locator("[name=kilograms]")).to_have_value("")
    page.reload()
    expect(harvest_form(page).locator("[name=kilograms]")).to_have_value("")
    assert page.evaluate("Object.keys(sessionStorage).filter((each) => each.startsWith('headland.draft:'))") == []


def open_all(page: Page) -> None:
    """Open what is folded, once the page has its answers."""
    page.locator("main [data-page][data-mounted]").wait_for()
    for _ in range(2):
        expect(page.locator("main .progress:visible")).to_have_count(0)
        page.evaluate("document.querySelectorAll('main details:not([open])').forEach((each) => { each.open = true; })")
    expect(page.locator("main .progress:visible")).to_have_count(0)


@pytest.mark.long
def test_every_form_of_the_pages_has_what_was_typed_after_a_reload_and_in_another_language(
    visit: Open, farm: Farm
) -> None:
    page = visit("#/farm", viewport={"width": 1440, "height": 900})
    forms: set[str] = set()
    for address in PAGES:
        page.evaluate("(address) => history.replaceState(null, '', '#/' + address)", address.format(field=farm.field))
        page.reload()
        open_all(page)
        typed = page.evaluate(FILL)
        page.locator("header [data-language='zh-CN']").evaluate("(each) => each.click()")
        open_all(page)
        page.wait_for_function(KEPT, arg=typed)
        page.locator("header [data-language='en']").evaluate("(each) => each.click()")
        page.reload()
        open_all(page)
        page.wait_for_function(KEPT, arg=typed)
        forms |= {key.rpartition("|")[0] for key in typed}
    print(len(forms), "forms")
    assert len(forms) >= 12


@pytest.mark.long
def test_fifty_reloads_of_the_harvest_form_are_equal(visit: Open, second_field: Field) -> None:
    page = visit("#/harvest")
    seen = set()
    for _ in range(50):
        page.reload()
        form = harvest_form(page)
        seen.add(
            form.locator("[name=place]").evaluate(
                "(each) => [each.value, ...each.options].map((o) => o.value ?? o).join()"
            )
        )
    assert len(seen) == 1
    assert next(iter(seen)).startswith(",")
