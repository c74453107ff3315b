"""The manual pages and the completion of shells name what the command line has: every command, option and argument."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from docs.generator.commands import options_of, usage_of, walk
from docs.generator.manual import COMPLETIONS, completion_script, manual_pages, write_manual
from station.cli.exit_codes import EXIT_CODES
from tests.station.cli.command_line import call

COMMANDS: dict[str, Any] = dict(walk())
PAGES = manual_pages("1.2.3")


def plain(text: str) -> str:
    return text.replace("\\-", "-").replace("\\e", "\\").replace("\\&", "")


@pytest.mark.parametrize("path", COMMANDS)
def test_a_command_and_all_its_options_and_arguments_are_in_its_page(path: str) -> None:
    page = plain(PAGES["-".join(path.split()[:2])])
    command = COMMANDS[path]
    assert path in page
    hidden = {name for one in command.params if getattr(one, "hidden", False) for name in one.opts}
    missing = [name for name in options_of(command) - hidden - {"--help"} if name not in page]
    missing += [usage_of(one) for one in command.params if one.opts[0][0] != "-" and usage_of(one) not in page]
    assert missing == []


def test_there_is_a_page_for_the_program_and_for_each_command_below_it_and_no_other() -> None:
    assert set(PAGES) == {"-".join(path.split()) for path in COMMANDS if path.count(" ") < 2}
    assert all(f"headland-{name.split('-', 1)[1]}" in plain(PAGES["headland"]) for name in PAGES if "-" in name)
    assert all(meaning in plain(PAGES["headland"]) for meaning in EXIT_CODES.values())


@pytest.mark.services("groff")
def test_groff_has_no_complaint_about_a_page() -> None:
    text = "\n".join(PAGES.values())
    done = subprocess.run(
        ["groff", "-man", "-Tutf8", "-ww", "-z", "-Kutf8"], input=text, text=True, capture_output=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("typed", "offered"), [("edge ", "headland edge"), ("", "headland"), ("gateway ", "headland gateway")]
)
def test_completion_offers_the_commands_that_there_are(typed: str, offered: str) -> None:
    words = f"headland {typed}"
    asked = call(
        environ={"_HEADLAND_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": str(words.count(" "))}
    )
    shown = {name for name, child in COMMANDS[offered].commands.items() if not child.hidden}
    assert set(asked.stdout.split()) == shown


@pytest.mark.parametrize("shell", COMPLETIONS)
def test_a_completion_script_asks_the_command_itself(shell: str) -> None:
    assert f"_HEADLAND_COMPLETE=complete_{shell}" in completion_script(shell)


def test_what_is_written_replaces_what_was_there(tmp_path: Path) -> None:
    (tmp_path / "share" / "man").mkdir(parents=True)
    (tmp_path / "share" / "man" / "headland-gone.1").touch()
    written = write_manual(tmp_path / "share", "1.2.3")
    assert {path.relative_to(tmp_path / "share") for path in (tmp_path / "share").rglob("*") if path.is_file()} == set(
        written
    )
    assert set(COMPLETIONS.values()) < set(written)
