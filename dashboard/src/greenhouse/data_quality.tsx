// What the values of a greenhouse rest on: its surfaces, condensation, and what was left out of its sensors' values.

import "../i18n/greenhouse";
import type { JSX } from "preact";
import { hrefOf } from "../app/address";
import { useView } from "../app/mount";
import { remedyText } from "../components/finding_text";
import { dateTimeText, windowText } from "../i18n/instants";
import { withUnit } from "../i18n/numbers";
import { currentLanguage } from "../i18n/preferences";
import { channelName, englishOnly, term, translate } from "../i18n/translate";
import type { Overview } from "./records";
import { ScrollTable } from "./scroll_table";

export function DataQuality({ overview }: { overview: Overview }): JSX.Element {
  return (
    <section class="card" data-panel="data-quality">
      <h2>{translate("greenhouse_data_quality")}</h2>
      <h3>{translate("greenhouse_surfaces")}</h3>
      <ul class="provenance">
        {overview.surfaces.map(({ name, estimated }) => (
          <li key={name}>{translate("name_and_text", { name: term("surfaces", name), text: surfaceSource(estimated) })}</li>
        ))}
      </ul>
      <AskedCover overview={overview} />
      <h3>{translate("greenhouse_events")}</h3>
      {overview.events.length === 0 ? (
        <p class="note">{translate("greenhouse_no_events")}</p>
      ) : (
        <ul class="provenance">
          {overview.events.map((event) => (
            <li key={`${event.surface} ${event.start_ms}`}>
              {translate("greenhouse_event", {
                window: windowText(event.start_ms, event.end_ms),
                surface: term("surfaces", event.surface),
                margin: withUnit(event.least_margin_k, "K", 1),
              })}
            </li>
          ))}
        </ul>
      )}
      <h3>{translate("greenhouse_sensors")}</h3>
      {overview.left_out.length === 0 ? <p class="note">{translate("greenhouse_no_findings")}</p> : <Findings overview={overview} />}
    </section>
  );
}

function Findings({ overview }: { overview: Overview }): JSX.Element {
  const { farm } = useView();
  const heads = [translate("device"), translate("quantity"), translate("greenhouse_finding"), translate("time"), "", ""];
  return (
    <ScrollTable name={translate("greenhouse_sensors")} heads={heads}>
      {overview.left_out.map((finding, at) => (
        <tr key={at}>
          <th scope="row">{farm.nameOf(finding.device)}</th>
          <td>{channelName(finding.channel)}</td>
          <td>{term("quality_tests", finding.test)}</td>
          <td>{`${dateTimeText(finding.start_ms)} – ${dateTimeText(finding.end_ms)}`}</td>
          <td>{translate(finding.left_out ? "greenhouse_excluded" : "greenhouse_used")}</td>
          <td>{remedyText(finding) ?? englishOnly(finding.detail)}</td>
        </tr>
      ))}
    </ScrollTable>
  );
}

/** The question what the cover is, where it is neither declared nor measured; it leads to the settings of the house. */
function AskedCover({ overview }: { overview: Overview }): JSX.Element | null {
  const asked = currentLanguage() === "en" ? overview.notes["cover"] : overview.notes_zh["cover"];
  if (!asked) return null;
  return (
    <p class="note" data-asked="cover">
      <a href={hrefOf("settings", { tab: "houses" })}>{asked}</a>
    </p>
  );
}

function surfaceSource(estimated: string | null): string {
  if (estimated === null) return term("evidence", "measured");
  return translate("estimated") + (englishOnly(estimated) ? translate("in_brackets", { text: estimated }) : "");
}
