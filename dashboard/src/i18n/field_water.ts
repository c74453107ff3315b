// Texts of the water in the soil of a field. Keys begin with `water_`.

import { catalogue } from "./catalogue";
import type { Texts } from "./texts";

export const fieldWater = catalogue({
  water_title: ["Water in the soil", "土壤水分"],
} as const satisfies Texts);
