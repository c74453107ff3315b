// Wind on a map: the latest, an arrow the way it blows, its speed, where it comes from, and who measured it when; or that of a time past.

import "../i18n/map_tools";
import { nowMs } from "../api/clock";
import { freshnessOf } from "../api/freshness";
import type { FarmState } from "../api/farm_state";
import { ageText } from "../i18n/instants";
import { numberText, withUnit } from "../i18n/numbers";
import { translate } from "../i18n/translate";
import { make, makeSvg, setText } from "./dom";

const SPEED = "wind_speed_m_s";
const FROM = "wind_from_deg";
/** Speed and direction of one wind are measured this near to each other. */
const MOST_APART_MS = 60_000;
const MOST_SHOWN = 3;
const POINTS = [
  "tool_wind_n",
  "tool_wind_ne",
  "tool_wind_e",
  "tool_wind_se",
  "tool_wind_s",
  "tool_wind_sw",
  "tool_wind_w",
  "tool_wind_nw",
] as const;

export interface Wind {
  device: string;
  site: string;
  timeMs: number;
  speedMS: number;
  /** Null where the direction is not known. */
  fromDeg: number | null;
  simulated: boolean;
}

/** Return the latest wind of each site, the newest first; with `site` of that one alone. Values of bad quality are none. */
export function latestWinds(farm: Pick<FarmState, "devices" | "value">, now: number, site: string | null = null): Wind[] {
  const bySite = new Map<string, Wind>();
  for (const device of farm.devices.values()) {
    const [speed, from] = [farm.value(device.id, SPEED), farm.value(device.id, FROM)];
    if (speed === undefined || speed.quality > 2 || freshnessOf(speed, speed.time_ms, now) === "silent") continue;
    if (site !== null && device.site !== site) continue;
    const isOne = from !== undefined && from.quality <= 2 && Math.abs(from.time_ms - speed.time_ms) <= MOST_APART_MS;
    const wind = {
      device: device.id,
      site: device.site,
      timeMs: speed.time_ms,
      speedMS: speed.value,
      fromDeg: isOne ? from.value : null,
      simulated: speed.simulated,
    };
    if (wind.timeMs > (bySite.get(device.site)?.timeMs ?? 0)) bySite.set(device.site, wind);
  }
  return [...bySite.values()].sort((a, b) => b.timeMs - a.timeMs).slice(0, MOST_SHOWN);
}

/** Call `show` on new values and once a second. It is hidden where no wind is known. */
export class WindMark {
  readonly element = make("div", { class: "wind-mark", hidden: true });
  readonly #rows = new Map<string, { element: HTMLElement; arrow: SVGElement; text: HTMLElement }>();

  show(farm: FarmState, site: string | null = null): void {
    const winds = latestWinds(farm, nowMs(), site);
    this.element.hidden = winds.length === 0;
    const shown = new Set(winds.map(({ device }) => device));
    for (const [device, row] of this.#rows)
      if (!shown.has(device)) {
        row.element.remove();
        this.#rows.delete(device);
      }
    for (const wind of winds) this.#row(wind, farm);
  }

  hide(): void {
    this.element.hidden = true;
    this.element.replaceChildren();
    this.#rows.clear();
  }

  /** Show the hourly means of the wind [m/s] of a time past, in place of the latest; hidden where none is known. */
  showPast(speeds: readonly number[], isSimulated: boolean): void {
    this.hide();
    if (speeds.length === 0) return;
    const [least, most] = [Math.min(...speeds), Math.max(...speeds)].map((speed) => withUnit(speed, "m/s")) as [string, string];
    const speed = least === most ? most : translate("tool_wind_range", { least, most });
    const parts = [translate("tool_wind_then", { speed }), ...(isSimulated ? [translate("simulated")] : [])];
    this.element.append(make("div", { "data-wind": "past" }, make("span", {}, parts.join(" · "))));
    this.element.hidden = false;
  }

  #row(wind: Wind, farm: FarmState): void {
    let row = this.#rows.get(wind.device);
    if (row === undefined) {
      const arrow = makeSvg("svg", { viewBox: "0 0 24 24", "aria-hidden": "true" }, makeSvg("path", { d: "M12 2 19 21 12 17 5 21Z" }));
      const text = make("span");
      row = { arrow, text, element: make("div", { "data-wind": wind.device }, arrow, text) };
      this.#rows.set(wind.device, row);
      this.element.append(row.element);
    }
    row.arrow.toggleAttribute("hidden", wind.fromDeg === null);
    // The arrow points the way the wind blows.
    row.arrow.style.transform = `rotate(${((wind.fromDeg ?? 0) + 180) % 360}deg)`;
    const direction = POINTS[Math.round((wind.fromDeg ?? 0) / 45) % POINTS.length] ?? "tool_wind_n";
    setText(
      row.text,
      [
        translate("tool_wind", { speed: withUnit(wind.speedMS, "m/s") }),
        wind.fromDeg === null
          ? translate("tool_wind_no_direction")
          : translate("tool_wind_from", { direction: translate(direction), degrees: numberText(wind.fromDeg, 0) }),
        farm.nameOf(wind.device),
        ageText(nowMs() - wind.timeMs),
        ...(wind.simulated ? [translate("simulated")] : []),
      ].join(" · "),
    );
  }
}
