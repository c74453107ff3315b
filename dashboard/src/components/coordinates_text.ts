// Systems of coordinates of a file, by the maps that people know them from.

import "../i18n/coordinates";
import { translate } from "../i18n/translate";

/** Systems of maps that are shifted. */
export const CHINESE_SYSTEMS: readonly string[] = ["GCJ-02", "BD-09"];

/** Return where coordinates of a system come from. */
export function coordinatesText(system: string): string {
  if (system === "BD-09") return translate("import_coordinates_bd");
  return translate(system === "GCJ-02" ? "import_coordinates_gcj" : "import_coordinates_gps");
}
