// Names of devices as people read them: those that a gateway composed are said in the page's language.

import { currentLanguage } from "./preferences";
import { findTerm, term } from "./translate";

/** The name that a gateway composes: autopilot, kind of vehicle as MAVLink names it, and its system where there are several. */
const VEHICLE = /^(.+?) (quadrotor|hexarotor|octorotor|tricopter|coaxial|helicopter|fixed wing|ground rover)(?:, system (\d+))?$/;

/** A greenhouse of the simulator: its compartments are numbered by kind. */
const SIMULATED_HOUSE = "sim-greenhouse";
const NUMBERED = /^([a-z-]+)-(\d+)$/;

/** Return the name of a site: those of the simulated farms are said in the page's language. */
export function siteText(name: string): string {
  return findTerm("simulated_sites", name) ?? name;
}

function simulatedHouse(id: string): string {
  const [, kind = "", number = ""] = NUMBERED.exec(id) ?? [];
  return findTerm("simulated_houses", kind)?.replace("{number}", number) ?? id;
}

/** Return the name of a device: its own without the source before it ("bus-1 house-3" is house-3), or its id. */
export function deviceName(name: string | null | undefined, id: string): string {
  if (!name || name.endsWith(` ${id}`)) return name?.startsWith(SIMULATED_HOUSE) ? simulatedHouse(id) : id;
  const [, autopilot = "", kind = "", system] = VEHICLE.exec(name) ?? [];
  const told = findTerm("vehicles", kind);
  if (told === null || currentLanguage() === "en") return name;
  const vehicle = `${autopilot} ${told}`;
  return system === undefined ? vehicle : term("vehicle_names", "numbered").replace("{name}", vehicle).replace("{number}", system);
}
