// Step 4 of a plan: the flight, what was checked, and its file.

import "../i18n/field_work";
import "../i18n/plan";
import type { JSX } from "preact";
import { FileButton } from "../components/file_button";
import { currentLanguage } from "../i18n/preferences";
import { term, translate } from "../i18n/translate";
import { missionTitle } from "./mission_title";
import { NumberRow, numberOf } from "./number_row";
import type { Draft, Plan } from "./plan_state";

const FILES = [
  ["isoxml", "isoxml.zip", "work_file_isoxml"],
  ["shapefile", "shapefile.zip", "work_file_shapefile"],
  ["geotiff", "tif", "work_file_geotiff"],
] as const;

export function MissionStep({ plan, draft }: { plan: Plan; draft: Draft }): JSX.Element | null {
  const { mission } = plan;
  if (mission === null) return null;
  const path = mission.prescription === null ? null : `/v1/prescriptions/${mission.prescription}/export`;
  const stops = mission.checks.some(({ holds }) => holds === false);
  return (
    <>
      <p class="plan-answer" role="status">
        {mission.minutes.value === null
          ? currentLanguage() !== "en" && mission.detail_zh !== ""
            ? mission.detail_zh
            : mission.detail
          : missionTitle(plan)}
      </p>
      {mission.minutes.value === null ? null : (
        <p class="note">
          {translate("plan_lines", {
            swath: numberOf(mission.swath),
            speed: numberOf(mission.speed),
            height: numberOf(mission.height),
            lines: mission.lines.value ?? "—",
          })}
        </p>
      )}
      <h4>{translate("plan_checks")}</h4>
      <ul class="plan-checks plain-list">
        {mission.checks.map(({ id, holds }) => (
          <li key={id} data-check={id} data-state={holds === null ? "ask" : holds ? "ok" : "stop"}>
            <span>{term("prescription_checks", id)}</span>
            <b>{translate(holds === null ? "plan_check_ask" : holds ? "plan_check_ok" : "plan_check_stop")}</b>
          </li>
        ))}
      </ul>
      {mission.prescription === null ? <NumberRow number={mission.legal_n} label={translate("plan_legal")} draft={draft} /> : null}
      {path === null ? null : (
        <>
          {mission.minutes.value === null ? null : (
            <div class="plan-foot">
              <strong>{mission.prescription_name}</strong>
              <Export text={translate("plan_save")} path={path} format="qgc-plan" ending="plan" speed={mission.speed_m_s} main={!stops} />
            </div>
          )}
          <h4>{translate("plan_other_files")}</h4>
          <div class="choices-row">
            {FILES.map(([format, ending, key]) => (
              <Export key={format} text={translate(key)} path={path} format={format} ending={ending} speed={null} main={false} />
            ))}
          </div>
        </>
      )}
    </>
  );
}

interface ExportProps {
  text: string;
  path: string;
  format: string;
  ending: string;
  speed: number | null;
  main: boolean;
}

function Export({ text, path, format, ending, speed, main }: ExportProps): JSX.Element {
  const query = { format, ...(speed === null ? {} : { speed_m_s: speed }) };
  return <FileButton text={text} path={path} name={`prescription.${ending}`} options={{ query }} main={main} />;
}
