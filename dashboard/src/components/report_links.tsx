// Links to the report of a pass, of a trial or of a greenhouse's week: for print, as PDF and as CSV, in the page's language.

import type { JSX } from "preact";
import { currentLanguage } from "../i18n/preferences";
import { translate } from "../i18n/translate";
import { FileButton } from "./file_button";

interface ReportLinksProps {
  path: string;
  /** What its files are called. */
  name: string;
  query?: Record<string, string | number | undefined>;
}

export function ReportLinks({ path, name, query = {} }: ReportLinksProps): JSX.Element {
  const lang = currentLanguage() === "zh-CN" ? "zh" : "en";
  const given = Object.entries(query).flatMap(([key, value]) => (value === undefined ? [] : [[key, String(value)]]));
  const printed = new URLSearchParams([["format", "html"], ["lang", lang], ...given] as [string, string][]);
  return (
    <>
      <a href={`${path}?${printed}`} target="_blank" rel="noopener" data-report="html">
        {translate("report_page")}
      </a>
      <FileButton text={translate("report_pdf")} path={path} name={`${name}.pdf`} options={{ query: { format: "pdf", lang, ...query } }} />
      <FileButton text={translate("report_csv")} path={path} name={`${name}.csv`} options={{ query: { format: "csv", lang, ...query } }} />
    </>
  );
}
