// Refused cells of a table, with line, column and reason.

import "../i18n/imports";
import type { JSX } from "preact";
import { translate } from "../i18n/translate";
import type { ImportResult } from "./records";

export function RefusedCells({ cells }: { cells: ImportResult["refused"] }): JSX.Element | null {
  if (cells.length === 0) return null;
  return (
    <details>
      <summary>{translate("import_refused_cells")}</summary>
      <ul>
        {cells.map(({ line, column, text, cell }) => (
          <li key={`${line}-${column}`}>
            {translate(column === "" ? "import_row" : "import_cell", { line, column, text, cell: cell || "—" })}
          </li>
        ))}
      </ul>
    </details>
  );
}
