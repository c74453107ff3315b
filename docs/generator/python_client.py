"""Typed layer of the Python client, from the OpenAPI document: `python -m docs.generator.python_client` writes it."""

from __future__ import annotations

import json
import keyword
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from api.openapi import describe

ROOT: Final = Path(__file__).resolve().parents[2]
FOLDER: Final = Path("headland/client/api")
#: Answers without an end; `Client.live` reads them.
STREAMS: Final = ("/v1/live",)
_JSON: Final = "application/json"
_STREAM: Final = "text/event-stream"
_HEAD: Final = '"""{title}; written by `python -m docs.generator.python_client`."""\n\n'
_REFERENCE: Final = "#/components/schemas/"
#: What a page says beside its items that who follows the pages knows anyway.
_BESIDE: Final = {"device", "count"}
_PLAIN: Final = {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "null": "None"}


def files() -> dict[Path, str]:
    """Return the generated files by their paths in the project."""
    document = json.loads(describe())
    records = Records(document["components"]["schemas"])
    reads = [read for path, methods in document["paths"].items() for read in _reads(path, methods, records)]
    texts = {
        "reads.py": _reads_file(reads, records, is_async=False),
        "async_reads.py": _reads_file(reads, records, is_async=True),
        "records.py": records.text(),
    }
    return {FOLDER / name: _formatted(text) for name, text in texts.items()}


@dataclass
class Records:
    """The records that answers have, by the names of their schemas; each is written once."""

    schemas: Mapping[str, Any]
    classes: dict[str, str] = field(default_factory=dict)
    #: The field and the word by which a record is told from others of a union.
    tags: dict[str, tuple[str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        nodes: list[Any] = [self.schemas]
        while nodes:
            node = nodes.pop()
            if isinstance(node, dict):
                if isinstance(told := node.get("discriminator"), dict) and "mapping" in told:
                    for word, reference in told["mapping"].items():
                        name = _class_name(reference.removeprefix(_REFERENCE))
                        self.tags[name] = told["propertyName"], word
                nodes.extend(node.values())
            elif isinstance(node, list):
                nodes.extend(node)

    def annotation(self, schema: Mapping[str, Any], name: str) -> str:
        """Return the type of a schema; `name` is that of a record that is written within another one."""
        if "$ref" in schema:
            return self._record(schema["$ref"].removeprefix(_REFERENCE))
        if "anyOf" in schema:
            kinds = dict.fromkeys(self.annotation(each, name) for each in schema["anyOf"])
            return _union(list(kinds))
        kind = schema.get("type")
        if isinstance(kind, list):
            return _union([_PLAIN[each] for each in kind])
        if kind == "array":
            places = schema.get("prefixItems")
            items = dict.fromkeys(self.annotation(each, name) for each in places or [schema.get("items", {})])
            return f"list[{_union(list(items))}]"
        if kind == "object" and "properties" in schema:
            self._write(name, schema)
            return name
        if kind == "object":
            values = schema.get("additionalProperties")
            return f"dict[str, {self.annotation(values, name) if isinstance(values, dict) else 'Any'}]"
        if kind is None and "enum" in schema:
            return _union(list(dict.fromkeys(type(each).__name__ for each in schema["enum"])))
        # Words of a closed set may become more with a newer station.
        return _PLAIN.get(kind or "", "Any")

    def text(self) -> str:
        """Return the file of all records."""
        head = _HEAD.format(title="Records of the API's answers")
        head += "# ruff: noqa: RUF012 - an empty list as a default is copied for each record\n\n"
        imports = "from __future__ import annotations\n\nfrom typing import Any\n\nimport msgspec\n\n"
        own = "from headland.client.record import Record\n\n\n"
        return head + imports + own + "\n\n".join(self.classes[name] for name in sorted(self.classes))

    def _record(self, schema: str) -> str:
        name, content = _class_name(schema), self.schemas[schema]
        if "properties" not in content:
            return self.annotation(content, name)
        if name not in self.classes:
            self._write(name, content)
        return name

    def _write(self, name: str, schema: Mapping[str, Any]) -> None:
        self.classes[name] = ""  # a record may hold another of its kind
        tag = self.tags.get(name)
        options = "" if tag is None else f', tag_field="{tag[0]}", tag="{tag[1]}"'
        head = f"class {name}(Record, frozen=True, kw_only=True{options}):"
        lines = [head, f'    """{_sentence(schema, name)}"""', ""]
        required = schema.get("required", ())
        for key, value in schema.get("properties", {}).items():
            if tag is None or key != tag[0]:
                lines.append(f"    {self._field(key, value, is_required=key in required, within=name)}")
        self.classes[name] = "\n".join(lines) + "\n"

    def _field(self, key: str, schema: Mapping[str, Any], *, is_required: bool, within: str) -> str:
        kind = self.annotation(schema, within + _camel(key))
        name = _python_name(key)
        is_nullable = kind.endswith("| None") or kind == "Any"
        is_plain = isinstance(schema.get("default"), str | int | float) or schema.get("default") in ([], {})
        if not is_required and not is_nullable and not (is_plain and kind not in self.classes):
            kind, is_nullable = f"{kind} | None", True
        default = _default(schema, is_required=is_required, is_nullable=is_nullable)
        if name == key:
            return f"{name}: {kind}" + ("" if default is None else f" = {default}")
        told = "" if default is None else f"default={default}, "
        return f'{name}: {kind} = msgspec.field({told}name="{key}")'


@dataclass(frozen=True)
class Read:
    """A method: what it asks, and what it returns."""

    name: str
    path: str
    about: str
    parameters: list[tuple[str, str, str]]
    query: list[tuple[str, str]]
    returns: str
    #: record, page, list or bytes
    form: str
    media: str = ""


def _reads(path: str, methods: Mapping[str, Any], records: Records) -> Iterator[Read]:
    """Yield the methods of a path: of its record, and of its other forms as bytes."""
    operation = methods.get("get")
    if operation is None or path in STREAMS:
        return
    content = operation["responses"].get("200", {}).get("content", {})
    name, about = operation["operationId"], _sentence(operation, operation["operationId"])
    schema = _typed(content)
    given = [each for each in operation.get("parameters", []) if each["in"] in ("path", "query")]
    if schema is not None:
        without = {"format"} if len(content) > 1 else set()
        body = _resolved(schema, records)
        is_page = any(each["name"] == "cursor" for each in given)
        if set(body.get("properties", ())) - _BESIDE == {"items", "next"}:
            item = records.annotation(body["properties"]["items"]["items"], _camel(name) + "Item")
            form = "page" if is_page else "list"
            yield _read(name, path, about, given, without | {"cursor"}, item, form)
        else:
            kind = records.annotation(schema, _camel(name))
            yield _read(name, path, about, given, without, kind, "record")
    others = [media for media in content if schema is None or media != _JSON]
    if others:
        told = _sentence(operation, operation["operationId"], 95) + " As bytes."
        yield _read(name if schema is None else f"{name}_file", path, told, given, set(), "bytes", "bytes", others)


def _read(
    name: str, path: str, about: str, given: list[Any], without: set[str], returns: str, form: str,
    media: list[str] | None = None,
) -> Read:  # fmt: skip
    parameters: list[tuple[str, str, str]] = []
    query = []
    for each in given:
        if each["name"] in without:
            continue
        own = _python_name(each["name"])
        kind = _parameter(each["schema"])
        if each["in"] == "path":
            parameters.append((own, kind, "path"))
        else:
            parameters.append((own, kind, "required" if each.get("required") else "optional"))
            query.append((each["name"], own))
    chosen = ""
    if media and len(media) > 1 and "format" not in (own for own, _, _ in parameters):
        words = ", ".join(f'"{each}"' for each in media)
        parameters.append(("media_type", f"Literal[{words}]", "required"))
        chosen = "media_type"
    return Read(name, path, about, parameters, query, returns, form, chosen or '"*/*"')


def _reads_file(reads: list[Read], records: Records, *, is_async: bool) -> str:
    many = "AsyncIterator" if is_async else "Iterator"
    base = "AsyncReading" if is_async else "Reading"
    title = "Each GET of the API as a method" + (" to be awaited" if is_async else "")
    names = sorted(records.classes)
    used = [name for name in names if any(re.search(rf"\b{name}\b", read.returns) for read in reads)]
    parts = [
        _HEAD.format(title=title),
        "# ruff: noqa: A002, N803 - a parameter has the name that it has in the API\n\n",
        "from __future__ import annotations\n\n",
        f"from collections.abc import {many}, Sequence\nfrom typing import Any, Literal\n\n",
        f"from headland.client.api.records import {', '.join(used)}\n",
        f"from headland.client.reading import {base}, Instant, in_path\n\n\n",
        f'class {"Async" if is_async else ""}Reads({base}):\n    """{title}, named as the operation."""\n\n',
    ]
    return "".join(parts) + "\n\n".join(_method(read, many, is_async=is_async) for read in reads)


def _method(read: Read, many: str, *, is_async: bool) -> str:
    placed = [f"{name}: {kind}" for name, kind, where in read.parameters if where == "path"]
    named = [f"{name}: {kind}" for name, kind, where in read.parameters if where == "required"]
    named += [f"{name}: {kind} | None = None" for name, kind, where in read.parameters if where == "optional"]
    arguments = ", ".join(["self", *placed, *(["*", *named] if named else [])])
    path = re.sub(r"\{(\w+)\}", lambda found: f"{{in_path({_python_name(found[1])})}}", read.path)
    text = f'f"{path}"' if "{" in path else f'"{path}"'
    query = "{" + ", ".join(f'"{key}": {own}' for key, own in read.query) + "}"
    returns = {"page": f"{many}[{read.returns}]", "list": f"list[{read.returns}]"}.get(read.form, read.returns)
    call = {
        "page": f"self._pages({text}, {read.returns}, {query})",
        "list": f"self._list({text}, {read.returns}, {query})",
        "record": f"self._record({text}, {read.returns}, {query})",
        "bytes": f"self._bytes({text}, {read.media}, {query})",
    }[read.form]
    waits = is_async and read.form != "page"
    begin = "    async def" if waits else "    def"
    body = f'        """{read.about}"""\n        return {"await " if waits else ""}{call}\n'
    return f"{begin} {read.name}({arguments}) -> {returns}:\n{body}"


def _typed(content: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the schema of an answer as a record, None where it has bytes alone."""
    for media, each in content.items():
        if media.endswith("json") and each.get("schema"):
            schema: Mapping[str, Any] = each["schema"]
            return schema
    return None


def _resolved(schema: Mapping[str, Any], records: Records) -> Mapping[str, Any]:
    return records.schemas[schema["$ref"].removeprefix(_REFERENCE)] if "$ref" in schema else schema


def _parameter(schema: Mapping[str, Any]) -> str:
    if any(each.get("format") == "date-time" for each in (schema, *schema.get("anyOf", ()))):
        return "Instant"
    if "anyOf" in schema:
        return _union(list(dict.fromkeys(_parameter(each) for each in schema["anyOf"])))
    if "enum" in schema and all(isinstance(each, str) for each in schema["enum"]):
        return "Literal[" + ", ".join(f'"{each}"' for each in schema["enum"]) + "]"
    if schema.get("type") == "array":
        item = _parameter(schema["items"])
        return f"{item} | Sequence[{item}]"
    return _PLAIN.get(schema.get("type", ""), "str")


def _default(schema: Mapping[str, Any], *, is_required: bool, is_nullable: bool) -> str | None:
    if is_nullable:
        return "None"
    if is_required or "default" not in schema:
        return None
    return {"[]": "[]", "{}": "{}"}.get(repr(schema["default"]), repr(schema["default"]).replace("'", '"'))


def _union(kinds: list[str]) -> str:
    if "Any" in kinds:
        return "Any"
    if "float" in kinds and "int" in kinds:
        kinds = [kind for kind in kinds if kind != "int"]
    return " | ".join([kind for kind in kinds if kind != "None"] + ["None"] * ("None" in kinds))


def _sentence(schema: Mapping[str, Any], name: str, most: int = 105) -> str:
    """Return the first sentence of what is said of a thing, at most so long."""
    text = " ".join((schema.get("description") or schema.get("summary") or name).split())
    first = re.split(r"(?<=[a-z`\])])\. ", text)[0].rstrip(".").replace("\\", "\\\\").replace('"', "'")
    return f"{first}." if len(first) < most else f"{first[: most - 4].rpartition(' ')[0]} ..."


def _class_name(schema: str) -> str:
    parts = schema.split("__")
    return parts[0] if len(parts) == 1 else _camel(parts[-2]) + parts[-1]


def _camel(name: str) -> str:
    return "".join(part[:1].upper() + part[1:] for part in re.split(r"[^A-Za-z0-9]+", name))


def _python_name(name: str) -> str:
    """Return the name of a parameter or field; one that is none in Python is written with `_`."""
    own = name if name.isidentifier() else re.sub(r"(?<=[a-z])(?=[A-Z])|[^A-Za-z0-9]+", "_", name).strip("_").lower()
    return f"{own}_" if keyword.iskeyword(own) or own == "self" else own


def _formatted(text: str) -> str:
    """Return a text as the project's formatter and the order of its imports have it."""
    for command in (["check", "--select", "I,F401", "--fix", "--quiet"], ["format", "--quiet"]):
        done = subprocess.run(  # noqa: S603 - the project's own formatter
            [sys.executable, "-m", "ruff", *command, "--stdin-filename", str(FOLDER / "records.py"), "-"],
            cwd=ROOT, input=text, capture_output=True, text=True, check=True,
        )  # fmt: skip
        text = done.stdout
    return text


if __name__ == "__main__":
    for path, text in files().items():
        (ROOT / path).write_text(text, encoding="utf-8")
