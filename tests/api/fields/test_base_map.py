"""A base map over HTTP: put by a person, read in parts, and never fetched."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.api.farm import NOW_MS
from tests.api.server import own_app, serve
from tests.formats.images.test_orthophoto import photo

ROADS = b'{"type": "FeatureCollection", "features": []}'


@pytest.fixture
def client(tmp_path: Path) -> Iterator[httpx.Client]:
    app = own_app(now_ms=lambda: NOW_MS, base_map=tmp_path / "m")
    with serve(app) as client:
        yield client


def test_a_base_map_is_put_read_in_parts_and_taken_away(client: httpx.Client) -> None:
    assert client.get("/v1/base-map").json()["kind"] is None
    assert client.get("/v1/base-map/file").status_code == 404
    assert client.put("/v1/base-map", content=b"<html>").status_code == 400
    assert client.put("/v1/base-map", content=ROADS).json()["kind"] == "geojson"
    tiles = b"PMTiles\x03" + bytes(range(256))
    put = client.put("/v1/base-map", content=tiles).json()
    assert (put["kind"], put["bytes"]) == ("pmtiles", len(tiles))
    part = client.get("/v1/base-map/file", headers={"Range": "bytes=8-17"})
    assert (part.status_code, part.content) == (206, bytes(range(10)))
    assert client.delete("/v1/base-map").status_code == 204
    assert client.get("/v1/base-map").json() == {"kind": None, "bytes": 0, "changed_ms": None}


@pytest.mark.filterwarnings("ignore:Use `@` matmul:PendingDeprecationWarning")
def test_a_geotiff_becomes_tiles_and_one_without_a_place_is_refused(client: httpx.Client, tmp_path: Path) -> None:
    refused = client.put(
        "/v1/base-map", content=photo(tmp_path / "b.tif", crs=None).read_bytes(), headers={"Accept-Language": "zh-CN"}
    )
    assert (refused.status_code, refused.json()["detail"]) == (400, "GeoTIFF 没有坐标信息，请带坐标系重新导出。")
    assert client.get("/v1/base-map").json()["kind"] is None
    assert client.put("/v1/base-map", content=photo(tmp_path / "a.tif").read_bytes()).json()["kind"] == "pmtiles"
    start = client.get("/v1/base-map/file", headers={"Range": "bytes=0-7"})
    assert start.content == b"PMTiles\x03"
    assert client.delete("/v1/base-map").status_code == 204
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.tif", "b.tif"]
