// A flight in one line: how long, how many loads.

import "../i18n/plan";
import { numberText } from "../i18n/numbers";
import { translate } from "../i18n/translate";
import type { Plan } from "./plan_state";

export function missionTitle({ mission }: Plan): string {
  if (mission?.minutes.value == null) return "";
  const minutes = numberText(Math.ceil(mission.minutes.value), 0);
  if (mission.loads.value === null) return translate("plan_mission_title_plain", { minutes });
  return translate("plan_mission_title", { minutes, loads: numberText(mission.loads.value, 0) });
}
