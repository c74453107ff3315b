"""Shapes that say only what differs from their record: the rest has the record's fields, types and texts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import msgspec
import pytest
from msgspec import Meta

from api.http.records import describe_records, key_of
from api.schemas.model import answer_of_record, body_of_record, fill


class _Sack(msgspec.Struct, frozen=True, kw_only=True):
    """A sack as it is stored."""

    id: str = ""
    version: int = 0
    grams: Annotated[int, Meta(gt=0), "Mass in grams."]
    label: Annotated[Annotated[str, Meta(max_length=3)] | None, "Label; null: none."] = None
    tags: Annotated[tuple[Annotated[str, Meta(max_length=5)], ...], "Tags."] = ()


@answer_of_record(_Sack, without=("version",))
class _SackBody(msgspec.Struct, frozen=True, kw_only=True):
    """A sack as it is shown."""

    grams: float
    place: str


@body_of_record(_Sack, without=("id", "version"))
class _NewSack(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A sack to store."""

    tags: list[str] = []

    def record(self) -> _Sack:
        return fill(_Sack, self, tags=tuple(self.tags))


@dataclass(frozen=True, slots=True)
class _Pile:
    sacks: tuple[_Sack, ...]
    height_m: Annotated[float, "Height in metres."]

    @property
    def grams(self) -> int:
        """Mass of all sacks in grams."""
        return sum(each.grams for each in self.sacks)


@answer_of_record(_Pile, "grams", "height_m")
class _PileBody(msgspec.Struct, frozen=True, kw_only=True):
    """A pile as it is shown."""


def described(kind: Any) -> dict[str, Any]:
    schema: dict[str, Any] = describe_records([kind])[key_of(kind)]
    return schema


def test_an_answer_has_the_fields_of_its_record_in_their_order_always_there_and_without_bounds() -> None:
    schema = described(_SackBody)
    assert list(schema["properties"]) == ["id", "grams", "label", "tags", "place"]
    assert schema["required"] == ["id", "grams", "label", "tags", "place"]
    assert schema["properties"]["grams"] == {"type": "number", "description": "Mass in grams."}
    assert schema["properties"]["label"] == {
        "anyOf": [{"type": "string"}, {"type": "null"}], "description": "Label; null: none.",
    }  # fmt: skip
    assert schema["properties"]["tags"] == {"type": "array", "items": {"type": "string"}, "description": "Tags."}
    assert schema["description"] == "A sack as it is shown."


def test_a_body_keeps_bounds_and_defaults_and_what_its_class_forbids_and_can_do() -> None:
    schema = describe_records([], [_NewSack])[key_of(_NewSack)]
    assert schema["required"] == ["grams"]
    assert schema["properties"]["grams"]["exclusiveMinimum"] == 0
    assert schema["additionalProperties"] is False
    sent = msgspec.json.decode(b'{"grams": 5, "tags": ["wet"]}', type=_NewSack)
    assert sent.record() == _Sack(grams=5, tags=("wet",))
    for refused in (b'{"grams": 0}', b'{"grams": 5, "label": "long"}', b'{"grams": 5, "id": "x"}', b"{}"):
        with pytest.raises(msgspec.ValidationError):
            msgspec.json.decode(refused, type=_NewSack)


def test_a_property_is_a_field_whose_text_is_its_docstring() -> None:
    schema = described(_PileBody)
    assert schema["properties"]["grams"] == {"type": "integer", "description": "Mass of all sacks in grams."}
    assert schema["properties"]["height_m"]["description"] == "Height in metres."
    assert fill(_PileBody, _Pile((_Sack(grams=5), _Sack(grams=7)), 0.5)) == _PileBody(grams=12, height_m=0.5)


def test_of_several_records_the_first_that_has_a_field_gives_it_and_one_that_none_has_raises() -> None:
    pile = _Pile((_Sack(grams=5),), 0.5)
    assert msgspec.to_builtins(fill(_PileBody, _Sack(grams=9), pile)) == {"grams": 9, "height_m": 0.5}
    with pytest.raises(TypeError):
        fill(_PileBody, _Sack(grams=9))
