// Links to the report of a pass or of a greenhouse's week: for print, as PDF and as CSV, in the page's language.

import { currentLanguage } from "../i18n/preferences";
import { translate } from "../i18n/translate";
import { make } from "./dom";
import { fileButton } from "./file_button";

/** Return the links for the report at `path`; its files are called `name`. */
export function reportLinks(path: string, name: string): HTMLElement[] {
  const lang = currentLanguage() === "zh-CN" ? "zh" : "en";
  return [
    make(
      "a",
      { href: `${path}?format=html&lang=${lang}`, target: "_blank", rel: "noopener", "data-report": "html" },
      translate("report_page"),
    ),
    fileButton(translate("report_pdf"), path, `${name}.pdf`, { query: { format: "pdf", lang } }),
    fileButton(translate("report_csv"), path, `${name}.csv`, { query: { format: "csv", lang } }),
  ];
}
