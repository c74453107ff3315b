// List of fields, and import of field outlines.

import "../i18n/field";
import { requestFields } from "../api/registry";
import { ApiError, requestResponse } from "../api/request";
import { hrefOf } from "../app/address";
import type { View } from "../app/view";
import { make, setText } from "../components/dom";
import { captionedTable, labelled } from "../components/parts";
import { Progress } from "../components/progress";
import { areaText } from "../i18n/numbers";
import { englishOnly, translate } from "../i18n/translate";

const TIMEOUT_MS = 300_000;
const MAX_ERRORS = 50;

interface ImportProblem {
  features?: { feature: number | string; name: string; detail: string }[];
}

export async function mountFieldList(place: HTMLElement, view: View): Promise<void> {
  const list = make("div", { class: "card" });
  const load = async (): Promise<void> => {
    const fields = await requestFields(view.signal);
    list.replaceChildren(
      fields.length === 0
        ? make("p", { class: "note" }, translate("field_none"))
        : captionedTable(
            translate("page_field"),
            [translate("field_name"), translate("field_usable_area"), translate("field_owner")],
            fields.map((field) => [
              make("a", { href: hrefOf("field", [field.id]) }, field.name),
              areaText(field.usable_area_m2),
              field.owner || "—",
            ]),
          ),
    );
  };
  place.append(make("h1", {}, translate("page_field")), list, importForm(load));
  await load();
}

function importForm(onImported: () => Promise<void>): HTMLElement {
  const file = make("input", { id: "import-file", type: "file", required: true, accept: ".geojson,.json,.kml,.kmz,.zip" });
  const crs = make("input", { id: "import-crs", pattern: "EPSG:[0-9]{4,6}", placeholder: "EPSG:32650" });
  const nameProperty = make("input", { id: "import-name", maxlength: 64, placeholder: "name" });
  const [progress, status, errors] = [new Progress(), make("p", { role: "status" }), make("ul", { class: "errors" })];
  const importFile = async (): Promise<string> => {
    const chosen = file.files?.[0];
    if (!chosen) return "";
    const response = await listErrors(errors, () =>
      requestResponse("/v1/fields/import", {
        method: "POST",
        body: chosen,
        timeoutMs: TIMEOUT_MS,
        query: { crs: crs.value || null, name_property: nameProperty.value || null },
      }),
    );
    const { items } = (await response.json()) as { items: { name: string }[] };
    await onImported();
    return translate("field_imported", { names: items.map((field) => field.name).join(", ") });
  };
  return make(
    "form",
    {
      class: "card import",
      onsubmit: (event: Event) => {
        event.preventDefault();
        setText(status, "");
        errors.replaceChildren();
        void progress.run(importFile).then((text) => setText(status, text ?? ""));
      },
    },
    make("h2", {}, translate("field_import")),
    make("p", { class: "note" }, translate("field_import_hint")),
    labelled(file, translate("field_import_file")),
    labelled(crs, translate("field_import_crs")),
    labelled(nameProperty, translate("field_import_name")),
    make("div", {}, make("button", { type: "submit", class: "primary" }, translate("field_import_submit"))),
    progress.element,
    status,
    errors,
  );
}

// Where the problem names features, they are listed and the message is the problem's title alone.
async function listErrors(list: HTMLElement, send: () => Promise<Response>): Promise<Response> {
  try {
    return await send();
  } catch (error) {
    const { features = [] } = (error instanceof ApiError ? error.extra : {}) as ImportProblem;
    if (!(error instanceof ApiError) || features.length === 0) throw error;
    list.replaceChildren(
      ...features.slice(0, MAX_ERRORS).map(({ feature, name, detail }) =>
        make(
          "li",
          {},
          translate("field_import_feature", {
            feature,
            name: name ? translate("in_brackets", { text: name }) : "",
            detail: englishOnly(detail) || translate("field_import_invalid"),
          }),
        ),
      ),
    );
    throw new ApiError(error.status, error.kind, translate("field_import_refused"), error.extra);
  }
}
