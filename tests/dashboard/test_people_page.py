"""People of the cooperative in a real browser: added, corrected, given a share, deactivated, activated, deleted."""

from __future__ import annotations

from fractions import Fraction

import msgspec
import pytest
from playwright.sync_api import Route, expect

from headland.registry.models.alarms import AlarmRecipient, RecipientKind
from headland.registry.models.models import Member, Scope
from headland.registry.models.people import Contact, ContactChannel, HoldingKind, Person, PersonRole
from tests.dashboard.conftest import Open
from tests.dashboard.farm import Farm
from tests.waiting import wait_until

pytestmark = pytest.mark.services("chromium")


def person_of(farm: Farm, number: str) -> Person:
    return next(person for person in farm.repositories.people.all() if person.number == number)


def test_no_button_takes_a_tap_where_a_list_that_is_awaited_will_be(visit: Open) -> None:
    page = visit("#/cooperative?tab=statements")
    held: list[Route] = []
    page.route("**/v1/people*", lambda route: held.append(route))
    page.get_by_role("tab", name="People").click()
    panel = page.locator("[data-panel=people]")
    expect(panel.locator(".awaited")).to_be_visible()
    button = panel.get_by_role("button", name="Add person")
    expect(button).to_have_css("animation-name", "hold-back")
    expect(button).to_have_css("pointer-events", "auto")  # a station that takes long keeps nobody from it
    for route in held:
        route.continue_()
    expect(panel.locator(".awaited")).to_have_count(0)
    expect(button).to_have_css("animation-name", "none")


def test_a_person_is_added_corrected_and_given_a_share_on_a_phone_in_chinese(
    visit: Open, farm: Farm, page_errors: list[str]
) -> None:
    farm.repositories.people.add(Person(name="孙丽", number="A-1"))
    page = visit("#/cooperative?tab=people", locale="zh-CN", viewport={"width": 390, "height": 844})
    panel = page.locator("[data-panel=people]")
    expect(panel.get_by_role("table")).to_be_visible()  # it moves the button down
    panel.get_by_role("button", name="添加人员").click()
    form = panel.locator("[data-panel=add-person]")
    form.get_by_label("姓名").fill("孙丽")
    form.get_by_label("社员编号").fill("A-1")
    form.get_by_label("电话").fill("13900001111")
    form.get_by_role("button", name="添加人员").press("Enter")
    page.get_by_role("dialog", name="已有同名人员").get_by_role("button", name="仍要添加").click()
    # The number is somebody else's: the station's own check of a table.
    expect(form.get_by_role("alert")).to_contain_text("A-1")
    page_errors[:] = [error for error in page_errors if "409" not in error]
    form.get_by_label("姓名").fill("孙小丽")
    form.get_by_label("社员编号").fill("A-2")
    form.get_by_role("button", name="添加人员").press("Enter")
    record = page.locator("[data-panel=person-record]")
    expect(record.get_by_role("heading", name="孙小丽的地块份额")).to_be_visible()
    made = person_of(farm, "A-2")
    assert (made.name, made.role, made.language) == ("孙小丽", PersonRole.MEMBER, "zh")
    assert [(each.channel, each.address) for each in made.contacts] == [(ContactChannel.PHONE, "13900001111")]
    record.locator("summary", has_text="添加份额").click()
    share = record.locator("[data-panel=add-share]")
    share.get_by_label("地块").select_option(label="Equator")
    share.get_by_label("权属").select_option(label="流转")
    share.get_by_label("份额", exact=True).fill("4/3")
    share.get_by_role("button", name="添加份额").press("Enter")
    expect(share.get_by_role("alert")).to_have_text("请按 1/3、0.25 或 25% 填写份额。")
    share.get_by_label("份额", exact=True).fill("25%")
    share.get_by_label("起始日期").fill("2026-01-01")
    share.get_by_label("终止日期").fill("2026-01-31")
    share.get_by_role("button", name="添加份额").press("Enter")
    expect(record.locator("[data-holding]")).to_contain_text("至 2026年1月31日 止")
    (holding,) = farm.repositories.holdings.all(person=made.id)
    assert (holding.kind, Fraction(holding.parts, holding.of_parts)) == (HoldingKind.LEASE, Fraction(1, 4))
    assert (holding.end_ms or 0) - (holding.start_ms or 0) == 31 * 86_400_000
    record.locator("summary", has_text="孙小丽的资料").click()
    details = record.locator("details", has=page.locator("summary", has_text="孙小丽的资料"))
    details.get_by_label("电话").fill("13900002222")
    details.get_by_label("微信").fill("sunxl")
    details.get_by_role("button", name="保存").press("Enter")
    wait_until(lambda: len(person_of(farm, "A-2").contacts) == 2)
    assert [each.address for each in person_of(farm, "A-2").contacts] == ["13900002222", "sunxl"]
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    farm.repositories.holdings.delete(holding.id, holding.version)  # other tests' shares are of the same field


def test_who_leaves_is_deactivated_and_no_longer_chosen_and_can_be_activated_again(visit: Open, farm: Farm) -> None:
    farm.repositories.people.add(Person(name="Stays Here", number="B-1"))
    farm.repositories.people.add(Person(name="Has Left", number="B-2"))
    page = visit("#/cooperative?tab=people")
    panel = page.locator("[data-panel=people]")
    panel.get_by_role("link", name="Has Left").click()
    record = page.locator("[data-panel=person-record]")
    record.get_by_role("button", name="Deactivate Has Left").click()
    page.get_by_role("dialog", name="Deactivate Has Left?").get_by_role("button", name="Deactivate", exact=True).click()
    wait_until(lambda: not person_of(farm, "B-2").active)
    page.get_by_role("link", name="People", exact=True).click()
    fold = panel.locator("[data-fold=deactivated]")
    expect(fold.locator("summary")).to_have_text("Deactivated (1)")
    page.get_by_role("tab", name="Accounts").click()
    page.locator("[data-part=deliveries] > summary").click()
    page.locator("summary", has_text="Enter a delivery").click()
    choice = page.locator("[data-panel=enter-delivery]").get_by_label("Person")
    expect(choice).to_contain_text("Stays Here")
    expect(choice).not_to_contain_text("Has Left")
    # What is owed is still settled: the account can be opened, and says so.
    page.get_by_role("tab", name="Accounts").click()
    expect(page.locator("[data-part=accounts]").get_by_label("Person")).to_contain_text("Has Left · B-2 · deactivated")
    page.get_by_role("tab", name="People").click()
    fold.locator("summary").click()
    fold.get_by_role("link", name="Has Left").click()
    record.get_by_role("button", name="Activate Has Left").click()
    page.get_by_role("dialog").get_by_role("button", name="Activate", exact=True).click()
    wait_until(lambda: person_of(farm, "B-2").active)


def test_a_sign_in_and_a_mailbox_become_those_of_a_person_only_when_somebody_says_so(visit: Open, farm: Farm) -> None:
    own = farm.repositories
    mail = Contact(channel=ContactChannel.EMAIL, address="zhao@example.org")
    zhao = own.people.add(Person(name="赵秋敏", number="C-1", role=PersonRole.AGRONOMIST, contacts=(mail,)))
    login = own.members.add(Member(subject="idp|zhao", name="赵秋敏", role=Scope.WRITE))
    reached = own.alarm_recipients.add(
        AlarmRecipient(name="夜班", kind=RecipientKind.EMAIL, address="Zhao@example.org")
    )
    other = own.alarm_recipients.add(AlarmRecipient(name="值班", kind=RecipientKind.EMAIL, address="x@example.org"))
    page = visit("#/cooperative?tab=people", locale="zh-CN", viewport={"width": 390, "height": 844})
    panel = page.locator("[data-panel=people]")
    for record in (login, reached):
        row = panel.locator(f"[data-human='{record.id}']")
        expect(row).to_contain_text("尚未登记为人员")
        with page.expect_response(lambda answer: answer.request.method == "PUT" and answer.ok):
            row.get_by_role("button", name="就是赵秋敏 · C-1").click()
        expect(row).to_have_count(0)
    assert own.members.get(login.id).person == own.alarm_recipients.get(reached.id).person == zhao.id
    # Nothing says whose the other one is: nothing is proposed.
    expect(panel.locator(f"[data-human='{other.id}']").get_by_role("button", name="就是")).to_have_count(0)
    panel.get_by_role("searchbox").first.fill("idp|zhao")
    expect(panel.locator("[data-human]")).to_have_count(1)
    line = panel.locator(f"[data-human='{zhao.id}']")
    expect(line).to_contain_text("农艺师 · 以 idp|zhao 登录（可修改） · 接收报警：邮箱")
    line.get_by_role("link", name="赵秋敏").click()
    expect(page.get_by_role("heading", name="赵秋敏", exact=True)).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    alarms = page.locator("[data-section=alarms]")
    alarms.get_by_role("button", name="值班 属于赵秋敏").click()
    page.get_by_role("dialog").get_by_role("button", name="确认").click()
    expect(alarms.locator("[data-recipient]")).to_have_count(2)
    assert own.alarm_recipients.get(other.id).person == zhao.id


def test_the_owner_of_a_field_is_a_person_and_a_written_name_is_offered_to_be_one(visit: Open, farm: Farm) -> None:
    own = farm.repositories
    first = next(iter(own.fields.all()))
    field = own.fields.add(msgspec.structs.replace(first, id="", name="Owned", owner="钱二"))
    person = own.people.add(Person(name="钱二", number="C-2"))
    page = visit(f"#/field/{field.id}", locale="zh-CN")
    expect(page.locator(".page-head")).to_contain_text("钱二")
    page.get_by_role("button", name="编辑").click()
    choice = page.locator("[data-owner-choice]")
    expect(choice).to_contain_text("原先填写：钱二")
    expect(choice.get_by_label("农户")).to_have_value("")  # nothing is joined by a name
    choice.get_by_role("button", name="就是钱二 · C-2").click()
    page.get_by_role("dialog").get_by_role("button", name="保存").click()
    wait_until(lambda: bool(list(own.holdings.all(field=field.id))))
    (holding,) = own.holdings.all(field=field.id)
    assert (holding.person, holding.kind, holding.parts, holding.of_parts) == (person.id, HoldingKind.OWNERSHIP, 1, 1)
    own.holdings.delete(holding.id, holding.version)
    changed = own.fields.get(field.id)
    own.fields.delete(changed.id, changed.version)
