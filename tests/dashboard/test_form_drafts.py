"""Drafts of forms are not lost, in a real browser: language, Back, reload, sign-in; and is nobody else's."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Locator, Page, expect

from api.routes.station.dashboard import FOLDER
from headland.registry.models.alarms import AlarmRecipient, RecipientKind
from headland.registry.models.models import Field, Scope
from headland.registry.models.people import Person
from tests.api.spread_field import FIELD
from tests.dashboard.conftest import Open
from tests.dashboard.farm import Farm, serve_farm
from tests.dashboard.test_every_page import lay_out_trial

pytestmark = pytest.mark.services("chromium")

SOURCE: Final = FOLDER.parents[1] / "dashboard" / "src"
#: Files with a form that is not the component: what is signed in with is kept nowhere, choices of a view are in its
#: address.
BY_HAND: Final = {"form.tsx", "sign_in.tsx", "map_settings.tsx", "nutrients_panel.tsx"}

#: Pages whose forms are filled, the selector of the button behind which a form is, and the forms that are waited for.
PAGES: Final = (
    ("farm", "", ""),
    ("harvest?tab=harvest", "", "harvest"),
    ("field?tab=draw", "", "outline"),
    ("field?tab=inputs", "", "known_product product implement"),
    ("field?tab=list", "[data-panel=fields] tbody button.plain[aria-label]", "field_facts"),
    ("alarms?tab=active", "", "alarm_acknowledgement alarm_snooze note"),
    ("alarms?tab=rules", "[data-panel=rules] button.primary", "alarm_rule"),
    ("alarms?tab=duty", "[data-panel=duty] button.secondary", "duty_rota"),
    ("alarms?tab=recipients", "", "recipient"),
    ("alarms?tab=connect", "[data-way=sms]", "connect"),
    ("alarms?tab=silence", "", "silence"),
    ("cooperative?tab=statements", "", "tariff"),
    ("cooperative?tab=disputes", "", "dispute"),
    ("cooperative?tab=subsidies", "", "subsidy_rule"),
    ("cooperative?tab=people", "[data-panel=people] > button.secondary", "person"),
    ("cooperative/{person}", "", "person_change plot_share person_sign_in person_address"),
    ("cooperative?tab=deliveries", "", "delivery"),
    ("settings?tab=browser", "", "push"),
    ("settings?tab=houses", "", "house crop_band site_change site farm forecast_provider"),
    ("settings?tab=gateways", "", "gateway key sender"),
    (
        "field/{field}?tab=plan",
        "",
        "season recommendation one_rate_prescription drawn_prescription points_prescription season_of_field",
    ),
    ("field/{field}?tab=notes", "", "note outline"),
    ("field/{field}?tab=water", "", "irrigation soil_water irrigation_zone"),
    ("field/{field}?tab=trials", "", "trial_result trial_values trial"),
)
#: Forms of `dashboard/src` that the walk does not fill, and why.
NOT_WALKED: Final = {
    "account_entry": "it follows a person who is chosen, and its store is that of all forms",
    "certificate": "it is of a lot, which another test makes",
    "declared_pass": "each of its fields is a list, and a draft of lists is proven by the harvest",
    "delivery_correction": "it is of a delivery that was entered",
    "delivery_of_harvests": "it is of harvests that were entered",
    "dispute_outcome": "it is of a dispute that is open",
    "doubt": "it is there while the farm has a question",
    "duty_hand_over": "it is of a rota that was made",
    "energy_lamps": "it is of a house of the registry, which this farm lacks",
    "energy_price": "it is of a house of the registry, which this farm lacks",
    "forecast_provider_change": "it is of a provider that was added",
    "house_change": "it is of a house of the registry, which this farm lacks",
    "import_file": "it is of a file that was sent",
    "irrigation_zone_change": "it is of a zone that was made",
    "map_source_change": "it is of a map that was added",
    "lot_operation": "it is of a lot, which another test makes",
    "person_end": "it is of a share that was given",
    "release": "it is of a lot, which another test makes",
    "sensor": "it is of a sensor that a gateway found",
    "sensor_search": "it is there while a gateway is connected, which this farm lacks",
    "treatment": "it is of a plot with a product that was chosen",
    "trial_prescription": "each of its fields is a list",
    "what_if": "it has a slider and a list and writes nothing",
    "what_if_model": "each of its fields is a list",
    "zone": "it is of a house of the registry, which this farm lacks",
    "zone_change": "it is of a house of the registry, which this farm lacks",
}
#: What says that it works, below a fold too; what has nothing to do is hidden itself.
WORKING: Final = "main .progress:not([hidden])"
#: Fills every text and number of each visible form, and of a form of lists alone chooses another of one; returns what
#: each form has now, by form and field.
FILL = """
async () => {
  const found = {};
  const tell = (form, each) => {
    for (const kind of ["input", "change"]) each.dispatchEvent(new Event(kind, { bubbles: true }));
    found[form.dataset.draft + "|" + each.name] = each.value;
  };
  for (const each of document.querySelectorAll("main details:not([open])")) each.open = true;
  for (const form of document.querySelectorAll("main form[data-draft]")) {
    for (const each of form.elements) {
      if (!each.name || each.autocomplete === "off" || !each.checkVisibility()) continue;
      if (["text", "number", "email", "url", "tel"].includes(each.type) || each.tagName === "TEXTAREA") {
        each.value = each.type === "number" ? String(Math.max(Number(each.min) || 0, 0) + 3) : "https://typed.example/1";
        tell(form, each);
      }
    }
    if (Object.keys(found).some((key) => key.startsWith(form.dataset.draft + "|"))) continue;
    const list = [...form.elements].find(
      (each) => each.type === "select-one" && each.name && each.length > 1 && each.checkVisibility());
    if (list === undefined) continue;
    list.value = [...list.options].findLast((option) => option.value !== list.value && !option.disabled).value;
    tell(form, list);
  }
  // What no field has is made beside the form, in its panel.
  for (const state of document.querySelectorAll("main form[data-draft] textarea[data-state]")) {
    const panel = state.closest("[data-panel]");
    const corners = panel.querySelector("details.corners");
    const field = [...panel.querySelectorAll("input:not([name])")].find(
      (each) => ["text", "number"].includes(each.type) && each.checkVisibility());
    if (corners !== null) {
      corners.querySelector("textarea").value = "0.0001, 10.0001\\n0.0001, 10.0002\\n0.0002, 10.0002";
      corners.querySelector("[data-act=corners-text]").click();
    } else if (field !== undefined) {
      field.value = "7";
      field.dispatchEvent(new Event("input", { bubbles: true }));
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
    if (state.value !== state.defaultValue) found[state.form.dataset.draft + "|" + state.name] = state.value;
  }
  return found;
}
"""
#: Whether each form has what was typed; what came folded meanwhile is opened.
KEPT = """
(typed) => document.querySelectorAll("main details:not([open])").forEach((each) => { each.open = true; }) ??
Object.entries(typed).every(([key, value]) => {
  const at = key.lastIndexOf("|");
  const form = document.querySelector(`form[data-draft="${CSS.escape(key.slice(0, at))}"]`);
  return form?.elements.namedItem(key.slice(at + 1))?.value === value;
})
"""


#: What of it is not there, for the message.
LOST: Final = """
(typed) => Object.entries(typed).flatMap(([key, value]) => {
  const at = key.lastIndexOf("|");
  const form = document.querySelector(`form[data-draft="${CSS.escape(key.slice(0, at))}"]`);
  const found = form?.elements.namedItem(key.slice(at + 1))?.value;
  return found === value ? [] : [`${key}: ${found}`];
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
    assert page.evaluate("Object.keys(localStorage).filter((each) => each.startsWith('headland.draft:'))") == []


def open_all(page: Page, opener: str = "") -> None:
    """Open what is folded, once the page has its answers."""
    page.locator("main [data-page][data-mounted]").wait_for()
    for _ in range(2):
        expect(page.locator(WORKING)).to_have_count(0)
        page.evaluate("document.querySelectorAll('main details:not([open])').forEach((each) => { each.open = true; })")
    expect(page.locator(WORKING)).to_have_count(0)
    if opener:
        page.locator(opener).first.evaluate("(each) => each.click()")


def has_what_was_typed(page: Page, opener: str, typed: dict[str, str]) -> None:
    open_all(page, opener)
    try:
        page.wait_for_function(KEPT, arg=typed)
    except PlaywrightError as error:
        raise AssertionError(f"lost at {page.url}: {page.evaluate(LOST, typed)}") from error


def sign_in(page: Page, key: str) -> None:
    page.locator("form.sign-in-form input").fill(key)
    page.locator("form.sign-in-form button").click()


def names_of_forms() -> list[str]:
    """Return the name of each form in the dashboard's source; a form that has none is named by its file."""
    names = []
    for file in sorted(SOURCE.rglob("*.tsx")):
        if file.name == "form.tsx":
            continue
        text = file.read_text(encoding="utf-8")
        for found in re.finditer(r"<(?:Form|AddInput)\b(?!Props)([^>]*)", text):
            # The name of what a form is about may follow its own.
            name = re.search(r'name=(?:"(\w+)"|\{`(\w+?)_\$\{)', found[1])
            if "name={name}" not in found[1]:
                names.append(name[1] or name[2] if name else f"{file.name}: a form without a name")
    return names


def test_every_form_of_the_dashboard_has_a_name_of_its_own_and_is_the_one_component() -> None:
    names = names_of_forms()
    assert len(names) >= 60
    assert [name for name in names if " " in name] == []
    assert sorted(names) == sorted(set(names))
    assert set(NOT_WALKED) <= set(names)
    made_by_hand = {
        file.name
        for file in sorted(SOURCE.rglob("*.ts*"))
        if re.search(r'<form\b|(?:make|createElement|h)\(\s*"form"', file.read_text(encoding="utf-8"))
    }
    assert made_by_hand <= BY_HAND


@pytest.mark.long
def test_every_form_has_what_was_typed_after_language_back_reload_sign_in_and_in_a_second_tab(
    visit: Open, tmp_path: Path, page_errors: list[str]
) -> None:
    with serve_farm(tmp_path, opened=False) as farm:
        lay_out_trial(farm)
        person = farm.repositories.people.add(Person(name="Li Mei", number="A-1"))
        # A rota is made of recipients.
        farm.repositories.alarm_recipients.add(
            AlarmRecipient(name="Li Mei", kind=RecipientKind.EMAIL, address="li@example.org")
        )
        farm.raise_frost()
        _, key = farm.repositories.add_key("office", Scope.ADMIN)
        size = {"width": 1440, "height": 900}
        page = visit(f"#key={key}", base=farm.base, viewport=size, extra_http_headers={}, locale="en-GB")
        page.locator("main [data-page][data-mounted]").wait_for()
        forms = set()
        for address, opener, expected in PAGES:
            address = address.format(field=farm.field, person=person.id)
            page.evaluate("(address) => history.replaceState(null, '', '#/' + address)", address)
            page.reload()
            open_all(page, opener)
            for name in expected.split():
                page.locator(f"form[data-draft*='|{name}#']").first.wait_for(state="attached")
            typed = page.evaluate(FILL)
            for language in ("zh-CN", "en"):
                page.locator(f"header [data-language='{language}']").evaluate("(each) => each.click()")
                has_what_was_typed(page, opener, typed)
            page.evaluate("location.hash = '#/health'")
            page.locator("main [data-page=health][data-mounted]").wait_for()
            page.go_back()
            has_what_was_typed(page, opener, typed)
            page.reload()
            has_what_was_typed(page, opener, typed)
            second = page.context.new_page()
            second.goto(page.url)
            has_what_was_typed(second, opener, typed)
            second.close()
            page.context.clear_cookies()
            page.reload()
            sign_in(page, key)
            has_what_was_typed(page, opener, typed)
            forms |= {each.rpartition("|")[0].rpartition("|")[2] for each in typed}
        page_errors[:] = [error for error in page_errors if "401" not in error]
    # Each form is told from all others by what it is about: none is the second of its kind.
    assert {name for name in forms if not name.endswith("#0")} == set()
    walked = {name.partition("#")[0] for name in forms}
    assert len(walked) >= 30
    # A form of which nothing was typed is named with the reason, and no other.
    assert set(names_of_forms()) - walked - set(NOT_WALKED) == set()
    assert walked & set(NOT_WALKED) == set()


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


def keys_of(farm: Farm) -> tuple[str, str]:
    """Return the keys of two persons."""
    _, first = farm.repositories.add_key("Li Mei", Scope.ADMIN)
    _, second = farm.repositories.add_key("Wang Fang", Scope.ADMIN)
    return first, second


def sign_in_again(page: Page, key: str) -> Locator:
    page.context.clear_cookies()
    page.reload()
    sign_in(page, key)
    return harvest_form(page)


def test_what_was_typed_is_there_for_the_same_person_who_signs_in_again_and_for_nobody_else(
    visit: Open, tmp_path: Path, page_errors: list[str]
) -> None:
    with serve_farm(tmp_path, opened=False) as farm:
        own, other = keys_of(farm)
        page = visit(f"#key={own}", base=farm.base, extra_http_headers={})
        page.locator("main [data-page][data-mounted]").wait_for()
        page.evaluate("location.hash = '#/harvest'")
        harvest_form(page).locator("[name=kilograms]").fill("12")
        form = sign_in_again(page, other)
        expect(form.locator("[name=kilograms]")).to_have_value("")
        form.locator("[name=author]").fill("Wang Fang")
        form = sign_in_again(page, own)
        expect(form.locator("[name=kilograms]")).to_have_value("12")
        expect(form.locator("[name=author]")).to_have_value("")
        # Whoever signs out leaves nothing; what another person typed stays theirs.
        page.get_by_role("button", name="Sign out").evaluate("(each) => each.click()")
        sign_in(page, own)
        expect(harvest_form(page).locator("[name=kilograms]")).to_have_value("")
        form = sign_in_again(page, other)
        expect(form.locator("[name=author]")).to_have_value("Wang Fang")
        page_errors[:] = [error for error in page_errors if "401" not in error]


def kept_in(page: Page) -> str:
    return str(page.evaluate("JSON.stringify([{ ...localStorage }, { ...sessionStorage }])"))


def test_a_key_that_is_typed_is_kept_nowhere(visit: Open) -> None:
    page = visit("#/alarms?tab=connect")
    page.locator("[data-panel=connect] [data-way=sms]").click()
    form = page.locator("[data-panel=connect] form")
    form.locator("[name=address]").fill("https://sms.example/?key=verysecret")
    form.locator("[name=name]").fill("Li Mei")
    assert "Li Mei" in kept_in(page)
    assert "verysecret" not in kept_in(page)
    # A map's key has a field; who writes it into the address, or a key of the station anywhere, has it kept no more.
    page.evaluate("location.hash = '#/settings?tab=maps'")
    form = page.locator("form[data-draft*='|map_source#']")
    form.locator("[name=service]").select_option("other")
    form.locator("[name=name]").fill("Our maps")
    form.locator("[name=key]").fill("verysecret")
    form.locator("[name=url]").fill("https://maps.example/{z}/{x}/{y}?tk=")
    assert "maps.example" in kept_in(page)
    form.locator("[name=url]").fill("https://maps.example/{z}/{x}/{y}?tk=verysecret")
    form.locator("[name=attribution]").fill("hl_verysecretverysecret")
    assert "Our maps" in kept_in(page)
    assert "maps.example" not in kept_in(page)
    assert "verysecret" not in kept_in(page)


def test_every_field_of_a_secret_says_that_it_is_one() -> None:
    found = []
    for file in sorted(SOURCE.rglob("*.tsx")):
        text = file.read_text(encoding="utf-8")
        for field in re.finditer(r"<(?:TextField|AreaField|input)\b[^>]*?/>", text, re.DOTALL):
            name = re.search(r'name="(key|code|secret|password|token)"', field[0])
            if name is not None:
                found.append(name[1])
                assert re.search(r'autocomplete="off"|type="password"', field[0]), f"{file.name}: {field[0]}"
    assert len(found) >= 4


def test_two_tabs_say_what_the_other_typed_and_neither_overwrites_it(visit: Open, second_field: Field) -> None:
    page = visit("#/harvest")
    first = harvest_form(page)
    first.locator("[name=kilograms]").fill("12")
    tab = page.context.new_page()
    tab.goto(page.url)
    second = harvest_form(tab)
    # The later one is there, and said to be from the other tab.
    expect(second.locator("[name=kilograms]")).to_have_value("12")
    expect(second.locator("[data-restored]")).to_have_text(re.compile("another tab"))
    second.locator("[name=kilograms]").fill("30")
    # What is typed in one tab changes nothing under the hands of the other: it is offered.
    offer = first.locator("[data-draft-note=other]")
    expect(offer).to_contain_text("another tab")
    expect(first.locator("[name=kilograms]")).to_have_value("12")
    page.reload()
    first = harvest_form(page)
    expect(first.locator("[name=kilograms]")).to_have_value("30")
    first.get_by_role("button", name="Use that instead").click()
    expect(first.locator("[name=kilograms]")).to_have_value("12")
    first.get_by_role("button", name="Use that instead").click()
    expect(first.locator("[name=kilograms]")).to_have_value("30")
    # Cleared in one tab, it is not sent twice from the other without a word.
    first.get_by_role("button", name="Start anew").click()
    expect(second.locator("[data-draft-note=saved]")).to_be_visible()
    tab.close()


def test_a_form_that_is_only_drawn_again_says_nothing(visit: Open, second_field: Field) -> None:
    page = visit("#/harvest")
    form = harvest_form(page)
    form.locator("[name=kilograms]").fill("12")
    page.locator("header [data-language='zh-CN']").evaluate(
        "(each) => each.dispatchEvent(new Event('click', {bubbles: true}))"
    )
    form = harvest_form(page)
    expect(form.locator("[name=kilograms]")).to_have_value("12")
    expect(form.locator("[data-restored]")).to_have_count(0)
    page.reload()
    expect(harvest_form(page).locator("[data-restored]")).to_be_visible()
