// The printed report of a pass or of a house's week: a page to print, PDF, and a table, in the language of the dashboard.

import { currentLanguage } from "../i18n/preferences";
import { word } from "../i18n/translate";
import { make } from "./dom";
import { fileButton } from "./file_button";

/** Return the link and the buttons for the report at `path`; its files are called `name`. */
export function reportLinks(path: string, name: string): HTMLElement[] {
  const lang = currentLanguage() === "zh-CN" ? "zh" : "en";
  return [
    make("a", { href: `${path}?format=html&lang=${lang}`, target: "_blank", rel: "noopener", "data-report": "html" }, word("report_page")),
    fileButton(word("report_pdf"), path, `${name}.pdf`, { query: { format: "pdf", lang } }),
    fileButton(word("report_csv"), path, `${name}.csv`, { query: { format: "csv", lang } }),
  ];
}
