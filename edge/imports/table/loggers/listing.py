"""Listing of what the columns of a logger's table become, for a person, before anything is imported."""

from __future__ import annotations

from pathlib import Path

from edge.imports.sentences import Sentence, in_language
from edge.imports.table.loggers.logger_table import LoggerChoice, map_of, recognise
from headland.errors import DataDamaged, SettingsError
from headland.i18n import Language, channel_name, find_term


def list_columns(path: Path, choice: LoggerChoice, language: Language) -> list[str]:
    """Return a line of the table and one of each column; none for a file that is no logger's table.

    What is lacking is a line, too: the import of the file tells it again. Raises OSError.
    """
    try:
        table = recognise(path)
        if table is None:
            return []
        loaded = map_of(table, choice, path.name)
    except DataDamaged as damage:
        return [in_language(damage.args[0], language)]
    except SettingsError as error:
        return [f"{path.name}: {error}"]
    named = loaded.map
    said = Sentence("logger_table", name=path.name, maker=table.maker, device=named.device, zone=named.time.zone)
    lines = [said.text(language)]
    for column in named.column:
        unit = loaded.conversions[column.name].unit
        quantity = channel_name(column.channel, language) or column.channel
        stored = find_term("units", unit, language) or unit
        row = Sentence("logger_column", column=column.name, unit=column.unit, quantity=quantity, stored=stored)
        lines.append(f"  {row.text(language)}")
    for left in table.columns:
        if left.why:
            row = Sentence("logger_left_out", column=left.name, why=in_language(left.why, language))
            lines.append(f"  {row.text(language)}")
    return lines
