// Settings of a pass's map as they are entered, and as requests have them. They are kept in the address.

import type { MapSettings } from "../field/records";
import { areaUnitsPerHa } from "../i18n/numbers";

const NAMES = ["swath_m", "planned_rate_ha", "prescription", "cell_m"] as const;

/** Texts of the fields; `entered` is what they say, as requests have it. */
export interface MapForm {
  implement: string;
  swath: string;
  rate: string;
  prescription: string;
  cell: string;
  readonly entered: MapSettings;
}

export function readSettings(query: URLSearchParams): MapForm {
  const rate = query.get("planned_rate_ha");
  return withEntered({
    implement: "",
    swath: query.get("swath_m") ?? "",
    rate: rate === null ? "" : String(Number((Number(rate) / areaUnitsPerHa()).toFixed(3))),
    prescription: query.get("prescription") ?? "",
    cell: query.get("cell_m") ?? "",
  });
}

/** Return the fields with what they say. A rate has precedence over a prescription. */
export function withEntered(fields: Omit<MapForm, "entered">): MapForm {
  const number = (text: string): number => (text === "" ? 0 : Number(text));
  const [swath, rate, cell] = [fields.swath, fields.rate, fields.cell].map(number) as [number, number, number];
  return {
    ...fields,
    entered: {
      ...(swath ? { swath_m: swath } : {}),
      ...(cell ? { cell_m: cell } : {}),
      ...(rate ? { planned_rate_ha: rate * areaUnitsPerHa() } : fields.prescription ? { prescription: fields.prescription } : {}),
    },
  };
}

/** Keep the settings in the address. */
export function keepSettings(settings: MapSettings, setQuery: (name: string, value: string | null) => void): void {
  for (const name of NAMES) setQuery(name, settings[name] === undefined ? null : String(settings[name]));
}
