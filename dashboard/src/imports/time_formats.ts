// Formats of a table's times: which of them read a cell is decided here, which of several it is, by a person.

import "../i18n/imports";
import type { TextKey } from "../i18n/translate";

export interface TimeFormat {
  /** As the API has it. */
  id: string;
  example: string;
  text: TextKey;
}

const NUMBERS = [
  { id: "epoch_s", example: "1777593600", text: "import_format_epoch_s", fits: /^\d{9,10}(\.\d+)?$/ },
  { id: "epoch_ms", example: "1777593600000", text: "import_format_epoch_ms", fits: /^\d{12,13}$/ },
  { id: "excel_days", example: "46143.33", text: "import_format_excel", fits: /^\d{4,5}(\.\d+)?$/ },
] as const;
const DATES = [
  { id: "%Y/%m/%d", example: "2026/05/31", text: "import_format_year", fits: "\\d{4}/\\d{1,2}/\\d{1,2}" },
  { id: "%Y.%m.%d", example: "2026.05.31", text: "import_format_year", fits: "\\d{4}\\.\\d{1,2}\\.\\d{1,2}" },
  { id: "%Y年%m月%d日", example: "2026年05月31日", text: "import_format_year", fits: "\\d{4}年\\d{1,2}月\\d{1,2}日" },
  { id: "%d.%m.%Y", example: "31.05.2026", text: "import_format_day", fits: "\\d{1,2}\\.\\d{1,2}\\.\\d{4}" },
  { id: "%d.%m.%y", example: "31.05.26", text: "import_format_day", fits: "\\d{1,2}\\.\\d{1,2}\\.\\d{2}" },
  { id: "%d/%m/%Y", example: "31/05/2026", text: "import_format_day", fits: "\\d{1,2}/\\d{1,2}/\\d{4}" },
  { id: "%d-%m-%Y", example: "31-05-2026", text: "import_format_day", fits: "\\d{1,2}-\\d{1,2}-\\d{4}" },
  { id: "%m/%d/%Y", example: "05/31/2026", text: "import_format_month", fits: "\\d{1,2}/\\d{1,2}/\\d{4}" },
  { id: "%d/%m/%y", example: "31/05/26", text: "import_format_day", fits: "\\d{1,2}/\\d{1,2}/\\d{2}" },
  { id: "%m/%d/%y", example: "05/31/26", text: "import_format_month", fits: "\\d{1,2}/\\d{1,2}/\\d{2}" },
] as const;
const CLOCKS = [
  { id: " %H:%M", example: " 08:00", fits: " \\d{1,2}:\\d{2}" },
  { id: " %H:%M:%S", example: " 08:00:00", fits: " \\d{1,2}:\\d{2}:\\d{2}" },
  { id: " %I:%M %p", example: " 08:00 AM", fits: " \\d{1,2}:\\d{2} [AaPp][Mm]" },
] as const;
const ISO = { id: "iso8601", example: "2026-05-31 08:00", text: "import_format_iso" } as const;
const ISO_FITS = /^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}([.,]\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?$/;

/** Return the formats that read all these cells; all formats where none does. */
export function formatsOf(cells: readonly string[]): TimeFormat[] {
  const filled = cells.map((cell) => cell.trim()).filter(Boolean);
  const all: (TimeFormat & { reads: (cell: string) => boolean })[] = [
    { ...ISO, reads: (cell) => ISO_FITS.test(cell) },
    ...DATES.flatMap((date) =>
      CLOCKS.map((clock) => ({
        id: date.id + clock.id,
        example: date.example + clock.example,
        text: date.text,
        reads: (cell: string) => new RegExp(`^${date.fits}${clock.fits}$`).test(cell),
      })),
    ),
    ...NUMBERS.map(({ fits, ...format }) => ({ ...format, reads: (cell: string) => fits.test(cell) })),
  ];
  const fitting = filled.length === 0 ? [] : all.filter(({ reads }) => filled.every(reads));
  return (fitting.length > 0 ? fitting : all).map(({ id, example, text }) => ({ id, example, text }));
}
