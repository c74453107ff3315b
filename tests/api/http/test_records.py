"""Records in requests and answers: written, read, and described from one declaration."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import httpx
import msgspec
import numpy as np
import pytest
from fastapi import FastAPI
from msgspec import Meta
from numpy.typing import NDArray

from api.app import _publish_names
from api.http.problems import install_problems
from api.http.query_windows import WrittenInstant
from api.http.records import RecordPage, Sent, describe_records, encode, key_of
from api.http.router import Router
from api.schemas.model import fill
from tests.api.server import serve


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer of soil."""

    depth_m: Annotated[float, "Depth of its lower edge."]
    kind: str = "loam"

    @property
    def is_deep(self) -> bool:
        return self.depth_m > 1


@dataclass(frozen=True, slots=True)
class Profile:
    """A profile of soil."""

    layers: tuple[Layer, ...]
    deepest: Layer | None = None


class LayerShape(msgspec.Struct, frozen=True, kw_only=True):
    """A layer with more than its record has."""

    depth_m: float
    is_deep: bool
    colour: str
    note: str = "none"


class SoilOrder(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A profile to dig."""

    EXAMPLE: ClassVar = {"depth_m": 2, "from_ms": 1_795_507_200_000}

    depth_m: Annotated[int, Meta(gt=0), "Depth of the pit."]
    from_ms: WrittenInstant
    note: str | None = None


router = Router(prefix="/soil", tags=["soil"])


@router.get("/profile")
def get_profile() -> Profile:
    return Profile((Layer(np.float64(0.5)), Layer(float("nan"))))


@router.get("/layers", response_model=RecordPage[Layer])
def get_layers() -> RecordPage[Layer]:
    return RecordPage([Layer(1.5)])


@router.post("", status_code=201)
def dig(order: Sent[SoilOrder]) -> Layer:
    return Layer(order.depth_m, f"{order.from_ms}")


@router.post("/fill")
def fill_in(order: Sent[SoilOrder | None]) -> Layer:
    return Layer(0 if order is None else order.depth_m)


@pytest.fixture(scope="module")
def routes() -> dict[str, Any]:
    return {route.path: route for route in router.routes()}


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    app = FastAPI(routes=[*router.routes()])
    install_problems(app, lambda _request: None)
    with serve(app, opened=False) as client:
        yield client


def test_a_text_beside_the_type_of_a_field_is_its_description() -> None:
    schema = describe_records([Profile])[key_of(Layer)]
    assert schema["properties"]["depth_m"]["description"] == "Depth of its lower edge."
    assert schema["description"] == "A layer of soil."


def test_all_fields_of_a_dataclass_are_there_and_a_body_need_not_send_null() -> None:
    schemas = describe_records([Profile], [SoilOrder])
    assert schemas[key_of(Profile)]["required"] == ["layers", "deepest"]
    assert "default" not in schemas[key_of(SoilOrder)]["properties"]["note"]
    assert schemas[key_of(SoilOrder)]["required"] == ["depth_m", "from_ms"]


def test_a_record_that_an_endpoint_returns_is_the_answer(client: httpx.Client) -> None:
    shallow, unknown = {"depth_m": 0.5, "kind": "loam"}, {"depth_m": None, "kind": "loam"}
    assert client.get("/soil/profile").json() == {"layers": [shallow, unknown], "deepest": None}
    assert client.get("/soil/layers").json() == {"items": [{"depth_m": 1.5, "kind": "loam"}], "next": None}


@pytest.mark.parametrize("instant", [1_795_507_200_000, "2026-11-24T08:00:00Z"])
def test_a_body_is_read_as_its_record(client: httpx.Client, instant: object) -> None:
    made = client.post("/soil", json={"depth_m": 2.0, "from_ms": instant})
    assert (made.status_code, made.json()) == (201, {"depth_m": 2, "kind": "1795507200000"})


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'{"depth_m": 0, "from_ms": 1}', b'{"depth_m": 2, "from_ms": "noon"}',
             b'{"depth_m": 2, "from_ms": true}', b'{"depth_m": 2, "from_ms": 1, "width_m": 1}'],
)  # fmt: skip
def test_a_body_that_is_no_such_record_is_refused(client: httpx.Client, body: bytes) -> None:
    refused = client.post("/soil", content=body)
    assert (refused.status_code, refused.json()["type"]) == (422, "urn:headland:problem:bad-body")


def test_only_an_optional_body_may_be_empty(client: httpx.Client, routes: dict[str, Any]) -> None:
    assert client.post("/soil/fill").json()["depth_m"] == 0
    assert client.post("/soil/fill", json={"depth_m": 3, "from_ms": 0}).json()["depth_m"] == 3
    assert "required" not in routes["/soil/fill"].analysed.openapi_extra["requestBody"]


def test_the_description_of_a_body_follows_from_the_parameter(routes: dict[str, Any]) -> None:
    body = routes["/soil"].analysed.openapi_extra["requestBody"]
    content = body["content"]["application/json"]
    assert body["required"]
    assert content["schema"]["$ref"].endswith("SoilOrder")
    assert content["example"] == SoilOrder.EXAMPLE


def test_numpy_columns_are_written_as_lists_with_null_for_what_is_not_known() -> None:
    columns: dict[str, NDArray[Any]] = {"a": np.array([1.5, np.nan]), "b": np.arange(6).reshape(2, 3)[:, ::2]}
    assert encode(columns) == b'{"a":[1.5,null],"b":[[0,2],[3,5]]}'


def test_a_shape_takes_the_fields_of_the_record_and_names_what_is_missing() -> None:
    filled = fill(LayerShape, Layer(1.5), colour="red")
    assert filled == LayerShape(depth_m=1.5, is_deep=True, colour="red", note="none")
    with pytest.raises(TypeError, match="colour"):
        fill(LayerShape, Layer(1.5))


def test_two_records_of_one_name_are_refused() -> None:
    document: dict[str, Any] = {"components": {"schemas": {"a.b.Layer": {}, "a.c.Layer": {}}}}
    with pytest.raises(ValueError, match=r"one name: a\.b\.Layer, a\.c\.Layer"):
        _publish_names(document)


def test_a_published_name_of_a_record_that_is_not_served_is_refused() -> None:
    document: dict[str, Any] = {"components": {"schemas": {"a.b.Layer": {}}}}
    with pytest.raises(ValueError, match=r"no such record any more: .*answer\.Method"):
        _publish_names(document)
