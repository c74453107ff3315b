"""Page of a person's data in a real browser: read, copied and erased by a manager, read by its owner."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import expect

from headland.registry.models.cooperative import AccountEntry, AccountKind
from headland.registry.models.models import GrowerNote, Scope
from headland.registry.models.people import Contact, ContactChannel, Person, PersonRole
from tests.dashboard.conftest import Open
from tests.dashboard.farm import Farm, serve_farm
from tests.dashboard.test_member_pages import refusals_of, sign_in_as_member

pytestmark = pytest.mark.services("chromium")

NAME = "欧阳霁月"


def test_a_manager_reads_copies_and_erases_what_is_kept_of_a_person_on_a_phone_in_chinese(
    visit: Open, farm: Farm
) -> None:
    repositories = farm.repositories
    contacts = (Contact(channel=ContactChannel.PHONE, address="13817492653"),)
    person = repositories.people.add(Person(name=NAME, number="D-1", contacts=contacts))
    note = repositories.notes.add(GrowerNote(field=farm.field, time_ms=farm.now_ms(), author="霁月姐", text="锈病"))
    advance = AccountEntry(person=person.id, kind=AccountKind.ADVANCE, time_ms=farm.now_ms(), amount_fen=20_000)
    repositories.accounts.add(advance)
    page = visit("#/cooperative?tab=people", locale="zh-CN", viewport={"width": 390, "height": 844})
    page.locator("[data-panel=people]").get_by_role("link", name=NAME).click()
    panel = page.locator("[data-panel=person-record]")
    panel.locator("summary", has_text=f"保存的{NAME}的数据").click()
    data = panel.locator("[data-panel=person-data]")
    profile = data.locator("[data-kept=profile]")
    expect(profile.locator("summary")).to_contain_text("姓名与联系方式（1）")
    profile.locator("summary").click()
    expect(profile).to_contain_text("删除时：删除，只留一个编号")
    # What is open comes first, with what to do.
    expect(data.locator("[data-list=blockers]")).to_have_text("账目尚有 200.00 元未结清，请先付清并登记。")
    expect(data.get_by_role("button", name="永久删除")).to_have_count(0)
    href = data.get_by_role("link", name="下载数据副本").get_attribute("href")
    with zipfile.ZipFile(io.BytesIO(page.request.get(f"{farm.base}{href}").body())) as archive:
        assert NAME in archive.read("records.jsonl").decode()
    payment = AccountEntry(person=person.id, kind=AccountKind.PAYMENT, time_ms=farm.now_ms(), amount_fen=-20_000)
    repositories.accounts.add(payment)
    page.reload()
    panel.locator("summary", has_text=f"保存的{NAME}的数据").click()
    data.get_by_label("请输入姓名以确认").fill(NAME)
    data.get_by_label("记录中的其他写法").fill("霁月姐、小霁")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    data.get_by_role("button", name="永久删除").press("Enter")
    page.get_by_role("dialog", name=f"确定永久删除{NAME}的数据？").get_by_role("button", name="永久删除").click()
    done = panel.locator("[data-panel=person-erased]")
    expect(done).to_contain_text("今后仅以编号 1 表示")
    expect(page.locator("body")).not_to_contain_text(NAME)
    assert repositories.people.get(person.id).name == "已删除人员1 / erased person 1"
    assert repositories.notes.get(note.id).author == "已删除人员1 / erased person 1"
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_member_reads_what_is_kept_of_them_and_cannot_erase_it(visit: Open, tmp_path: Path) -> None:
    with serve_farm(tmp_path, opened=False) as farm:
        key = sign_in_as_member(farm)
        page = visit(f"#key={key}", base=farm.base, extra_http_headers={})
        refused = refusals_of(page)
        page.get_by_role("tab", name="My data").click()
        data = page.locator("[data-panel=own-data]")
        expect(data.locator("[data-kept=profile] summary")).to_contain_text("Name and contacts (1)")
        expect(data.locator("[data-kept=shares]")).to_be_visible()
        expect(data.get_by_role("link", name="Copy of the data")).to_be_visible()
        expect(data.locator("[data-panel=erase-person]")).to_have_count(0)
        assert refused == []
        page.close()


@pytest.mark.parametrize(("role", "scope"), [(PersonRole.PILOT, Scope.READ), (PersonRole.AGRONOMIST, Scope.WRITE)])
def test_everybody_who_signed_in_reads_what_is_kept_of_them(
    visit: Open, tmp_path: Path, role: PersonRole, scope: Scope
) -> None:
    with serve_farm(tmp_path, opened=False) as farm:
        person = farm.repositories.people.add(Person(name=NAME, role=role))
        key = farm.repositories.add_key("phone", scope, person=person.id)[1]
        page = visit(f"#key={key}", base=farm.base, extra_http_headers={}, locale="zh-CN")
        refused = refusals_of(page)
        page.evaluate("location.hash = '#/settings'")
        page.get_by_role("tab", name="我的数据").click()
        data = page.locator("[data-panel=own-data]")
        expect(data.locator("[data-kept=profile] summary")).to_contain_text("姓名与联系方式（1）")
        expect(data.get_by_role("link", name="下载数据副本")).to_be_visible()
        assert refused == []
        page.close()
