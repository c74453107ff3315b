// Links to the report of a pass or of a greenhouse's week: for print, as PDF and as CSV, in the page's language.

import { currentLanguage } from "../i18n/preferences";
import { translate } from "../i18n/translate";
import { make } from "./dom";
import { fileButton } from "./file_button";

/** Return the links for the report at `path` with the parameters of `query`; its files are called `name`. */
export function reportLinks(path: string, name: string, query: Record<string, string | number | undefined> = {}): HTMLElement[] {
  const lang = currentLanguage() === "zh-CN" ? "zh" : "en";
  const given = Object.entries(query).flatMap(([key, value]) => (value === undefined ? [] : [[key, String(value)]]));
  const printed = new URLSearchParams([["format", "html"], ["lang", lang], ...given] as [string, string][]);
  return [
    make("a", { href: `${path}?${printed}`, target: "_blank", rel: "noopener", "data-report": "html" }, translate("report_page")),
    fileButton(translate("report_pdf"), path, `${name}.pdf`, { query: { format: "pdf", lang, ...query } }),
    fileButton(translate("report_csv"), path, `${name}.csv`, { query: { format: "csv", lang, ...query } }),
  ];
}
