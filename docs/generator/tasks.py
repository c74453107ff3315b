"""Tasks by clicking: one file each, of which the help page in both languages, its pictures and a test's walk are made.

A step says what is clicked by the key of its text in the dashboard's catalogues, so the label in a sentence is that
on the page. `{key}` in a sentence is that label, `{@field}` the name of an example.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Final, Literal, cast

import msgspec

from headland.i18n import find_term

Language = Literal["en", "zh"]
ROOT: Final = Path(__file__).resolve().parents[2]
FOLDER: Final = ROOT / "docs" / "tasks"
PICTURES: Final = "images/tasks"
#: What a step may do to a place of the page, and what a place may be.
VERBS: Final = ("click", "fill", "choose", "upload", "see")
ROLES: Final = ("button", "link", "tab", "summary", "field", "heading", "text", "option")
_TEXT: Final = re.compile(r'^  (\w+): \[\s*("(?:[^"\\]|\\.)*"),\s*("(?:[^"\\]|\\.)*"),?\s*\]', re.MULTILINE)
_NAMED: Final = re.compile(r"\{([@\w/:.~-]+)\}")


class Texts(msgspec.Struct, frozen=True):
    """A text in both languages."""

    en: str
    zh: str

    def of(self, language: Language) -> str:
        """Return the text in a language."""
        return self.en if language == "en" else self.zh


class Action(msgspec.Struct, frozen=True):
    """Something done to a place: `fill field harvest_mass 120`."""

    verb: str
    role: str
    key: str
    value: str = ""


class Step(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A sentence, and what it means on the page; `within` is a CSS selector where a label is there twice."""

    do: tuple[str, ...]
    en: str
    zh: str
    picture: bool = False
    within: str = ""

    def actions(self) -> list[Action]:
        """Return what is done. Raises ValueError for an unknown verb or role."""
        return [_action(line) for line in self.do]

    def text(self, language: Language) -> str:
        """Return the sentence with its labels in bold."""
        sentence = self.en if language == "en" else self.zh
        return _NAMED.sub(lambda named: f"**{shown_label(named[1], language)}**", sentence)


class Task(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What somebody wants to do, from an address on; `who` opens it: `admin`, or `member` with an account."""

    title: Texts
    about: Texts
    start: str
    step: tuple[Step, ...]
    who: str = "admin"
    after: Texts | None = None
    order: int = 100
    slug: str = ""


@cache
def load_tasks() -> tuple[Task, ...]:
    """Return all tasks in the order of the navigation."""
    files = [path for path in FOLDER.glob("*.toml") if path.stem != "examples"]
    read = [(path.stem, tomllib.loads(path.read_text(encoding="utf-8"))) for path in files]
    tasks = [msgspec.convert({**table, "slug": slug}, Task) for slug, table in read]
    return tuple(sorted(tasks, key=lambda task: (task.order, task.slug)))


@cache
def load_labels() -> Mapping[str, Texts]:
    """Return the texts of the dashboard by their keys."""
    labels: dict[str, Texts] = {}
    for path in sorted((ROOT / "dashboard" / "src" / "i18n").glob("*.ts")):
        for key, english, chinese in _TEXT.findall(path.read_text(encoding="utf-8")):
            labels[key] = Texts(_unquoted(english), _unquoted(chinese))
    return labels


@cache
def load_examples() -> Mapping[str, Texts]:
    """Return the names of the examples by what they are: `field`, `house`."""
    return msgspec.convert(tomllib.loads((FOLDER / "examples.toml").read_text(encoding="utf-8")), dict[str, Texts])


def label_of(key: str, language: Language, named_in: Language | None = None) -> str:
    """Return a label: of a key, of an example (`@field`) or of a term (`term:crops/tomato`); raises KeyError.

    `import_unit_of~humidity` fills in what the page fills in there.

    `named_in` is the language of the farm's own names, which is not always the reader's.
    """
    if key.startswith("@"):
        return load_examples()[key[1:]].of(named_in or language)
    if key not in load_labels() and "." in key:  # the name of a file
        return key
    if key.startswith("term:"):
        group, _, identifier = key.removeprefix("term:").partition("/")
        found = find_term(group, identifier, language)
        if found is None:
            raise KeyError(key)
        return found
    name, _, filled = key.partition("~")
    text = load_labels()[name].of(language)
    return re.sub(r"\{\w+\}", filled, text, count=1) if filled else text


def shown_label(key: str, language: Language) -> str:
    """Return a label for a reader: what the page fills in is an ellipsis."""
    return re.sub(r"\{\w+\}", "…", label_of(key, language))


def picture_of(task: Task, number: int, language: Language) -> str:
    """Return the name of a step's picture."""
    return f"{task.slug}-{number}-{language}.webp"


def page_path(slug: str, language: Language) -> str:
    """Return the path of a page of the site below `docs`."""
    return f"{'' if language == 'en' else 'zh/'}tasks/{slug}.md"


def to_markdown(task: Task, language: Language) -> str:
    """Return the page of a task."""
    up = "../" if language == "en" else "../../"
    lines = [f"# {task.title.of(language)}", "", task.about.of(language), ""]
    for number, step in enumerate(task.step, 1):
        lines += [f"{number}. {step.text(language)}", ""]
        if step.picture:
            alt = f"{task.title.of(language)} ({number})"
            lines += [f"    ![{alt}]({up}{PICTURES}/{picture_of(task, number, language)}){{ width=300 }}", ""]
    if task.after is not None:
        lines += [task.after.of(language), ""]
    return "\n".join(lines)


def index_to_markdown(language: Language) -> str:
    """Return the list of all tasks."""
    title, about = {
        "en": ("By clicking", "What people do most, click by click. On every page **?** leads to its help."),
        "zh": ("按步骤操作", "常用操作，一步一步点。每个页面上的 **?** 打开该页的帮助。"),
    }[language]
    rows = [f"- [{task.title.of(language)}]({task.slug}.md): {task.about.of(language)}" for task in load_tasks()]
    return "\n".join([f"# {title}", "", about, "", *rows, ""])


def pages() -> Iterator[tuple[str, str]]:
    """Yield path and Markdown of every page that is made of the tasks."""
    for language in cast("tuple[Language, ...]", ("en", "zh")):
        yield page_path("index", language), index_to_markdown(language)
        for task in load_tasks():
            yield page_path(task.slug, language), to_markdown(task, language)


def navigation(language: Language) -> list[str]:
    """Return the pages of a language for the navigation."""
    return [page_path("index", language), *(page_path(task.slug, language) for task in load_tasks())]


def _action(line: str) -> Action:
    verb, role, key, *rest = line.split(" ", 3)
    if verb not in VERBS or role not in ROLES:
        raise ValueError(f"A step does not know {line!r}: it has one of {VERBS} and one of {ROLES}.")
    return Action(verb, role, key, rest[0] if rest else "")


def _unquoted(literal: str) -> str:
    return str(msgspec.json.decode(literal.replace("\\'", "'")))
