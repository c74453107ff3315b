// Import of a table of deliveries, after a preview with the fault of each row.

import "../i18n/cooperative";
import "../i18n/deliveries";
import type { JSX } from "preact";
import { reload } from "../api/query";
import { translate } from "../i18n/translate";
import { massText } from "./mass";
import { yuanText } from "./money";
import { TableImport, type SeenTable } from "../people/table_import";

interface Seen extends SeenTable {
  added: number;
  known: number;
  grams: number;
  amount_fen: number;
}

export function ImportDeliveries(): JSX.Element {
  return (
    <TableImport<Seen>
      path="/v1/deliveries/import"
      about={translate("deliv_import_about")}
      seenText={({ added, grams, amount_fen, known }) =>
        translate("deliv_import_seen", { count: added, mass: massText(grams), amount: yuanText(amount_fen), known })
      }
      isNew={({ added }) => added > 0}
      onStored={() => reload("/v1/deliveries", "/v1/accounts")}
    />
  );
}
