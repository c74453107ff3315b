"""Photos of notes over HTTP: sent once, stored whole, served as what they are, within the organisation's quota."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from PIL import Image

from headland.registry.db.photo_files import PhotoFiles
from headland.registry.repositories.notes import KEEP_UNUSED_MS
from tests.api.farm import NOW_MS
from tests.api.registry_api import RegistryApi, serve_registry
from tests.api.server import body_of

MOST = 20_000


@pytest.fixture
def farm_api(tmp_path: Path) -> Iterator[RegistryApi]:
    with serve_registry(tmp_path, PhotoFiles(tmp_path / "photos", MOST)) as served:
        yield served


def picture(colour: str, side: int = 16, kind: str = "JPEG") -> bytes:
    image, out, exif = Image.new("RGB", (side, side), colour), io.BytesIO(), Image.Exif()
    exif.get_ifd(0x8825)[1] = "N31.95"
    image.save(out, kind, exif=exif)
    return out.getvalue()


def noise(side: int) -> bytes:
    out = io.BytesIO()
    Image.effect_noise((side, side), 90).save(out, "PNG")
    return out.getvalue()


def note(farm_api: RegistryApi, **more: object) -> httpx.Response:
    subject = (
        {"greenhouse": farm_api.ids["greenhouses"]} if not more.keys() & {"field", "zone", "site", "alarm"} else {}
    )
    body = {"time_ms": NOW_MS, "author": "Li", "text": "leaf mould", **subject, **more}
    return farm_api.client.post("/v1/notes", json=body)


def kind_of(answer: httpx.Response) -> str:
    return str(answer.json()["type"]).removeprefix("urn:headland:problem:")


def files_in(folder: Path) -> list[Path]:
    return sorted(path for path in (folder / "photos").rglob("*") if path.is_file())


def test_a_photo_is_sent_before_its_note_stored_whole_and_served_as_what_it_is(
    farm_api: RegistryApi, tmp_path: Path
) -> None:
    sent = picture("red")
    photo = body_of(farm_api.client.post("/v1/photos", content=sent, headers={"Content-Type": "text/html"}), 201)
    assert (photo["media"], photo["width_px"], photo["note"]) == ("image/jpeg", 16, None)
    # Its answer was lost: the same photo sent again is the same photo.
    assert farm_api.client.post("/v1/photos", content=sent).json()["id"] == photo["id"]
    made = note(farm_api, photos=[photo["id"]], longitude_deg=119.17, latitude_deg=31.95, accuracy_m=8)
    assert made.status_code == 201, made.text
    assert made.json()["photos"] == [photo["id"]]
    shown = farm_api.client.get(f"/v1/photos/{photo['id']}")
    assert shown.headers["content-type"] == "image/jpeg"
    assert shown.headers["x-content-type-options"] == "nosniff"
    assert shown.headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert hashlib.sha256(shown.content).hexdigest() == photo["digest"]
    assert Image.open(io.BytesIO(shown.content)).getexif().get_ifd(0x8825) == {}
    (file,) = files_in(tmp_path)
    assert file.read_bytes() == shown.content
    again = farm_api.client.get(f"/v1/photos/{photo['id']}", headers={"If-None-Match": shown.headers["etag"]})
    assert again.status_code == 304
    # A file that was changed on the disk is not shown for what was sent.
    file.write_bytes(picture("blue"))
    assert kind_of(farm_api.client.get(f"/v1/photos/{photo['id']}")) == "photo-damaged"


def test_a_photo_belongs_to_one_note_and_goes_with_it(farm_api: RegistryApi, tmp_path: Path) -> None:
    photo = farm_api.client.post("/v1/photos", content=picture("red")).json()["id"]
    first = note(farm_api, photos=[photo]).json()
    assert note(farm_api, photos=[photo]).status_code == 400
    assert note(farm_api, photos=[photo, photo]).status_code == 400
    assert note(farm_api, photos=["0" * 26]).status_code == 400
    # The same bytes for another note are another photo.
    other = farm_api.client.post("/v1/photos", content=picture("red")).json()["id"]
    assert other != photo
    changed = farm_api.client.put(f"/v1/notes/{first['id']}", json={**first, "text": "grey mould", "photos": [other]})
    assert changed.json()["photos"] == [other]
    assert farm_api.client.delete(f"/v1/notes/{first['id']}?version=2").status_code == 204
    assert [known.note for known in farm_api.repositories.photos.all()] == [None, None]
    later = farm_api.registry.repositories(farm_api.repositories.organisation, "test")
    object.__setattr__(later._context, "now_ms", lambda: NOW_MS + KEEP_UNUSED_MS + 1)
    draft = later.photos.all()[0]
    _, deleted = later.photos.add(
        type(draft)(**{name: getattr(draft, name) for name in draft.__struct_fields__} | {"digest": "new"}),
        MOST,
        lambda _: None,
    )
    assert sorted(deleted) == sorted([photo, other])


def test_the_photos_of_an_organisation_have_a_quota(farm_api: RegistryApi, tmp_path: Path) -> None:
    assert farm_api.client.post("/v1/photos", content=noise(110)).status_code == 201
    refused = farm_api.client.post("/v1/photos", content=noise(120), headers={"Accept-Language": "zh-CN"})
    assert (refused.status_code, "照片总量" in refused.json()["detail"]) == (409, True)
    assert len(files_in(tmp_path)) == 1


@pytest.mark.parametrize(
    "sent", [b"<html><script>alert(1)</script>", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"GIF89a", b""]
)
def test_what_is_no_photo_is_refused_in_the_language_of_the_person(farm_api: RegistryApi, sent: bytes) -> None:
    answer = farm_api.client.post("/v1/photos", content=sent, headers={"Accept-Language": "zh-CN"})
    assert (answer.status_code, kind_of(answer)) == (400, "bad-photo")
    assert answer.json()["detail"] == "文件不是 JPEG、PNG 或 WebP 图片，请更换。"


def test_a_note_is_about_one_thing_that_exists(farm_api: RegistryApi) -> None:
    ids = farm_api.ids
    for subject in ({"zone": ids["zones"]}, {"site": ids["sites"]}, {"field": ids["fields"]}):
        made = note(farm_api, **subject)
        assert (made.status_code, {**made.json(), **subject}) == (201, made.json())
    assert note(farm_api, zone="0" * 26).status_code == 400
    assert note(farm_api, alarm="0" * 26).status_code == 400
    assert note(farm_api, zone=ids["zones"], field=ids["fields"]).status_code == 400
    assert note(farm_api, longitude_deg=119.0).status_code == 400


def test_an_organisation_sees_its_own_photos_alone(farm_api: RegistryApi) -> None:
    photo = farm_api.client.post("/v1/photos", content=picture("red")).json()["id"]
    other = farm_api.registry.repositories(farm_api.registry.add_organisation("other", "Other", "test").id, "test")
    assert other.photos.all() == []
    assert [known.id for known in farm_api.repositories.photos.all()] == [photo]
