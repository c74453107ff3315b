// Texts of findings about sensors. Keys begin with `finding_`.

import { catalogue } from "./catalogue";
import type { Texts } from "./texts";

export const findings = catalogue({
  finding_sure: ["{text} ({chance} sure)", "{text}（把握 {chance}）"],
} as const satisfies Texts);
