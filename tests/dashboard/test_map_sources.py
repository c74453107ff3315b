"""Map sources in a real browser: added by clicking, drawn at the right place, and their silence said on the map."""

from __future__ import annotations

import io
import math
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import Page, expect

from headland.files.chinese_coordinates import ChineseSystem, from_wgs84
from headland.network.address_policy import parse_networks
from tests.api.farm import NOW_MS
from tests.api.registry_api import fill_registry
from tests.api.server import own_app, serve
from tests.dashboard.conftest import Open
from tests.dashboard.test_tile_warp import pixel

pytestmark = pytest.mark.services("chromium")

#: A place near the one field of the registry.
MARK = (119.1726, 31.951)
MARK_RGB = (255, 0, 255)


def draw_tile(zoom: int, x: int, y: int, place: tuple[float, float]) -> bytes:
    """Return a tile with a mark of twenty metres' radius around a place."""
    tile = Image.new("RGB", (256, 256), (20, 60, 20))
    east, south = pixel(*place, zoom)
    radius = 20 * 256 * 2**zoom / (40_075_016.686 * math.cos(math.radians(place[1])))
    middle = east - 256 * x, south - 256 * y
    box = (middle[0] - radius, middle[1] - radius, middle[0] + radius, middle[1] + radius)
    if -300 < middle[0] < 556 and -300 < middle[1] < 556:
        ImageDraw.Draw(tile).ellipse(box, fill=MARK_RGB)
    out = io.BytesIO()
    tile.save(out, "PNG")
    return out.getvalue()


@pytest.fixture
def service() -> Iterator[tuple[str, list[int]]]:
    """A service of tiles: its URL, and the status of its answers, which a test may change."""
    status = [200]

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            _, system, zoom, x, y = self.path.split("/")
            place = from_wgs84(*MARK, ChineseSystem.GCJ_02) if system == "gcj02" else MARK
            body = draw_tile(int(zoom), int(x), int(y), place)
            self.send_response(status[0])
            for name, value in {"Content-Type": "image/png", "Cache-Control": "no-store"}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, name="test-tiles", daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", status
    server.shutdown()
    server.server_close()
    thread.join()


#: Choose a source by its name on a map that is idle; return what the map says of itself at once.
CHOOSE = """
(choice, name) => {
  choice.value = [...choice.options].find((option) => option.text === name).value;
  choice.dispatchEvent(new Event("change", { bubbles: true }));
  return document.querySelector(".map-view").dataset.state;
}
"""


def mark_in(page: Page) -> tuple[float, float]:
    """Return the middle of the mark on the map, once it is drawn [px]."""
    expect(page.locator(".map-view")).to_have_attribute("data-state", "idle")
    for _ in range(100):
        picture = Image.open(io.BytesIO(page.locator(".map-view").screenshot())).convert("RGB")
        rows, columns = np.nonzero(np.all(np.abs(np.asarray(picture, int) - MARK_RGB) < 60, axis=2))
        if len(rows) > 20:
            return float(np.mean(columns)), float(np.mean(rows))
        page.wait_for_timeout(100)
    raise AssertionError("no mark on the map")


def test_a_map_is_added_by_clicking_and_a_shifted_one_is_drawn_at_its_place(
    visit: Open, tmp_path: Path, service: tuple[str, list[int]], page_errors: list[str]
) -> None:
    url, status = service
    registry, _, ids = fill_registry(tmp_path)
    app = own_app(now_ms=lambda: NOW_MS, registry=registry, webhooks_to=parse_networks("127.0.0.0/8"))
    with serve(app) as client:
        base = str(client.base_url).rstrip("/")
        page = visit("#/settings?tab=maps", base=base, viewport={"width": 1000, "height": 700})
        for name, system in (("True", "wgs84"), ("Shifted", "gcj02")):
            panel = page.locator("[data-panel=add-map-source]")
            panel.get_by_label("Map service").select_option("other")
            panel.get_by_label("Name").fill(name)
            panel.get_by_label("Address of the tiles").fill(f"{url}/{system}/{{z}}/{{x}}/{{y}}")
            panel.get_by_label("Attribution").fill(f"© {name}")
            panel.get_by_label("Coordinates").select_option(system)
            panel.get_by_role("button", name="Add map source").click()
            expect(page.locator(f"[data-source={name}]")).to_be_visible()
        page.goto(f"{base}/#/field/{ids['fields']}")
        choice = page.locator(".map-source")
        expect(choice).to_have_value("")
        expect(page.locator(".map-view")).to_have_attribute("data-state", "idle")
        places = {}
        for name in ("True", "Shifted"):
            assert choice.evaluate(CHOOSE, name) == "loading"
            expect(page.locator(".map-attribution")).to_have_text(f"© {name}")
            places[name] = mark_in(page)
        assert places["Shifted"] == pytest.approx(places["True"], abs=1.0)
        # What was chosen stays, and a service that falls silent is said on a map that still works.
        status[0] = 500
        page.reload()
        expect(page.locator(".map-source").locator("option:checked")).to_have_text("Shifted")
        expect(page.locator(".map-fault")).to_have_text("The map service Shifted does not answer.")
        expect(page.locator(".map-view")).to_have_attribute("data-state", "idle")
        page.locator(".map-source").select_option("")
        expect(page.locator(".map-view")).to_have_attribute("data-state", "idle")
        expect(page.locator(".map-fault")).to_be_hidden()
        expect(page.locator(".map-attribution")).to_be_hidden()
    registry.close()
    # The browser says itself that a tile was none, and that this API has no gateways.
    page_errors[:] = [text for text in page_errors if not re.search("status of (404|502)", text)]
