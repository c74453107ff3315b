// All fields, and how their outlines come in.

import type { FieldRecord } from "../api/registry";
import { AskError, askAll, askResponse } from "../api/request";
import { hrefOf } from "../app/address";
import type { View } from "../app/view";
import { make, setText } from "../components/dom";
import { Progress } from "../components/progress";
import { groundText } from "../i18n/numbers";
import { word } from "../i18n/translate";
import { labelled } from "./ledger_panels";
import { table } from "./pass_panels";

interface Refusal {
  features?: { feature: number | string; name: string; detail: string }[];
}

export async function mountFieldList(place: HTMLElement, view: View): Promise<void> {
  const list = make("div", { class: "card" });
  const draw = async (): Promise<void> => {
    const fields = await askAll<FieldRecord>("/v1/fields", { signal: view.signal, query: { limit: 1000 } });
    list.replaceChildren(fields.length === 0 ? make("p", { class: "note" }, word("field_none")) : table(word("page_field"),
      [word("field_name"), word("field_area"), word("field_owner")],
      fields.map((field) => [make("a", { href: hrefOf("field", [field.id]) }, field.name), groundText(field.usable_area_m2), field.owner || "—"])));
  };
  place.append(make("h1", {}, word("page_field")), list, importForm(draw));
  await draw();
}

function importForm(onImported: () => Promise<void>): HTMLElement {
  const file = make("input", { id: "import-file", type: "file", required: true, accept: ".geojson,.json,.kml,.kmz,.zip" });
  const crs = make("input", { id: "import-crs", pattern: "EPSG:[0-9]{4,6}", placeholder: "EPSG:32650" });
  const name = make("input", { id: "import-name", maxlength: 64, placeholder: "name" });
  const [progress, said, troubles] = [new Progress(), make("p", { role: "status" }), make("ul", { class: "troubles" })];
  const send = async (): Promise<string> => {
    const chosen = file.files?.[0];
    if (!chosen) return "";
    const response = await refusedAsList(troubles, () => askResponse("/v1/fields/import", {
      method: "POST", body: chosen, patienceMs: 300_000, query: { crs: crs.value || null, name_property: name.value || null },
    }));
    const made = (await response.json()) as { items: FieldRecord[] };
    await onImported();
    return word("field_imported", { names: made.items.map((field) => field.name).join(", ") });
  };
  return make("form", {
    class: "card import",
    onsubmit: (event: Event) => {
      event.preventDefault();
      setText(said, "");
      troubles.replaceChildren();
      void progress.run(send).then((text) => setText(said, text ?? ""));
    },
  },
  make("h2", {}, word("field_import")), make("p", { class: "note" }, word("field_import_hint")),
  labelled(file, word("field_import_file")), labelled(crs, word("field_import_crs")), labelled(name, word("field_import_name")),
  make("div", {}, make("button", { type: "submit", class: "primary" }, word("field_import_go"))), progress.element, said, troubles);
}

async function refusedAsList(troubles: HTMLElement, work: () => Promise<Response>): Promise<Response> {
  try {
    return await work();
  } catch (error) {
    const { features } = (error instanceof AskError ? error.extra : {}) as Refusal;
    troubles.replaceChildren(...(features ?? []).slice(0, 50).map((one) => make("li", {}, word("field_import_feature", { ...one }))));
    throw error;
  }
}
