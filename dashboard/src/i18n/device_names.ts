// Names of devices as people read them: those that a gateway composed are said in the page's language.

import { currentLanguage } from "./preferences";
import { translate, type TextKey } from "./translate";

/** Kinds of vehicles as MAVLink names them. */
const VEHICLES: Record<string, TextKey> = {
  quadrotor: "vehicle_quadrotor",
  hexarotor: "vehicle_hexarotor",
  octorotor: "vehicle_octorotor",
  tricopter: "vehicle_tricopter",
  coaxial: "vehicle_coaxial",
  helicopter: "vehicle_helicopter",
  "fixed wing": "vehicle_fixed_wing",
  "ground rover": "vehicle_rover",
};
const VEHICLE = /^(.+?) (quadrotor|hexarotor|octorotor|tricopter|coaxial|helicopter|fixed wing|ground rover)(?:, system (\d+))?$/;

/** Return the name of a device: its own without the source before it ("bus-1 house-3" is house-3), or its id. */
export function deviceName(name: string | null | undefined, id: string): string {
  if (!name || name.endsWith(` ${id}`)) return id;
  const [, autopilot = "", kind = "", system] = VEHICLE.exec(name) ?? [];
  const key = VEHICLES[kind];
  if (key === undefined || currentLanguage() === "en") return name;
  const vehicle = `${autopilot} ${translate(key)}`;
  return system === undefined ? vehicle : translate("vehicle_numbered", { name: vehicle, number: system });
}
