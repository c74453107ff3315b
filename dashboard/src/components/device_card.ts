// Card of a device. Built once; then only its texts change, so that nothing moves under a pointer or the focus.

import "../i18n/farm";
import { nowMs } from "../api/clock";
import { freshnessOf } from "../api/freshness";
import type { Device, FarmState } from "../api/farm_state";
import { LastChoice } from "../api/last_choice";
import { ApiError, errorText, request } from "../api/request";
import { deviceName, siteText } from "../i18n/device_names";
import { ageText } from "../i18n/instants";
import { valueParts } from "../i18n/numbers";
import { digitsOf, indicesWhere, watchedChannels } from "../i18n/quantities";
import { channelName, term, translate } from "../i18n/translate";
import { make, makeSvg, setText } from "./dom";
import { simulatedBadge } from "./parts";
import { Progress } from "./progress";
import { CLIMATE_NOW, HOUSE_VALUES } from "./shown_quantities";
import { answerTile, qualityText, ValueTile, type Answer } from "./value_tile";

const MAX_TILES = 6;
const CLIMATE_MS = 600_000;
/** How far back the last flight is sought, step by step. */
const FLIGHT_SEARCHES_MS = [1_800_000, 7_200_000, 12 * 3_600_000];
/** Below this height above home a vehicle is on the ground. */
const GROUND_M = 0.5;
const HEIGHT = "relative_altitude_m";
const FLIGHT_GAP_MS = 120_000;

const ICONS: Record<string, string> = {
  greenhouse: "M3 20V10l9-6 9 6v10H3Zm0-8h18M9 20v-8m6 8v-8",
  drone:
    "M9 10h6v4H9zM9 10 6 7m9 3 3-3M9 14l-3 3m9-3 3 3M3.5 7a2.5 2.5 0 1 0 5 0 2.5 2.5 0 1 0-5 0m12 0a2.5 2.5 0 1 0 5 0 2.5 2.5 0 1 0-5 0m-12 10a2.5 2.5 0 1 0 5 0 2.5 2.5 0 1 0-5 0m12 0a2.5 2.5 0 1 0 5 0 2.5 2.5 0 1 0-5 0",
  other: "M12 14v7m-4 0h8M12 14a3 3 0 1 0 0-6 3 3 0 0 0 0 6Zm-6 2a8 8 0 0 1 0-10m12 0a8 8 0 0 1 0 10",
};

export function kindIcon(kind: string): SVGElement {
  return makeSvg(
    "svg",
    { class: "icon", viewBox: "0 0 24 24", "aria-hidden": "true" },
    makeSvg("path", { d: ICONS[kind] ?? (ICONS["other"] as string) }),
  );
}

export class DeviceCard {
  readonly element: HTMLElement;
  readonly #farm: FarmState;
  readonly #id: string;
  readonly #age = make("span", { class: "age" });
  readonly #name = make("h3");
  readonly #about = make("p", { class: "about" });
  readonly #simulated = simulatedBadge();
  readonly #position = make("p", { class: "place" });
  readonly #tiles = make("dl", { class: "tiles" });
  readonly #tableRows = make("tbody");
  readonly #allValues = make("details", { class: "all" });
  readonly #tileOf = new Map<string, ValueTile>();
  readonly #rowOf = new Map<string, { element: HTMLElement; value: HTMLElement; age: HTMLElement }>();

  constructor(farm: FarmState, device: Device) {
    this.#farm = farm;
    this.#id = device.id;
    this.#name.id = `device-${device.id}`;
    this.element = make(
      "article",
      { class: "card device", "data-device": device.id, "aria-labelledby": this.#name.id, tabindex: -1 },
      make(
        "header",
        {},
        kindIcon(device.kind),
        make("div", { class: "title" }, this.#name, this.#about),
        make("div", { class: "marks" }, this.#simulated, this.#age),
      ),
      this.#position,
      this.#tiles,
      device.kind === "drone" ? this.#lastFlight() : null,
      device.kind === "greenhouse" ? this.#climate() : null,
      this.#allValues,
    );
    const heads = [
      make("th", { scope: "col" }, translate("quantity")),
      make("th", { scope: "col", class: "number" }, translate("value")),
      make("th", { scope: "col", class: "number" }, translate("age")),
    ];
    this.#allValues.append(
      make("summary", {}, translate("all_values")),
      make("div", { class: "scroll" }, make("table", {}, make("thead", {}, make("tr", {}, ...heads)), this.#tableRows)),
    );
    this.#allValues.addEventListener("toggle", () => this.draw());
    this.draw();
  }

  /** Set the line about the position: a button that displays it, or why there is none. */
  setPosition(content: Node | string | null): void {
    this.#position.replaceChildren(...(content === null ? [] : [content]));
    this.#position.hidden = content === null;
  }

  draw(): void {
    const device = this.#farm.devices.get(this.#id);
    if (!device) return;
    const seenMs = device.last_seen_ms;
    setText(this.#name, deviceName(device.name, device.id));
    setText(this.#about, [term("device_kinds", device.kind), siteText(device.site), device.model].filter(Boolean).join(" · "));
    setText(this.#age, seenMs === null ? translate("no_data") : ageText(nowMs() - seenMs));
    this.#age.classList.toggle("stale", freshnessOf(device, seenMs) !== "current");
    const values = this.#farm.latest.get(this.#id) ?? {};
    // A device that a simulator once was, too, may have real values: each has its own mark.
    const newest = Object.values(values);
    this.#simulated.hidden = !(newest.length ? newest.some((value) => value.simulated) : device.simulated);
    const channels = Object.keys(values).sort();
    const offered = device.kind === "greenhouse" ? HOUSE_VALUES : device.kind === "drone" ? watchedChannels() : channels;
    for (const channel of offered.filter((name) => name in values).slice(0, MAX_TILES)) {
      if (this.#tileOf.has(channel)) continue;
      const tile = new ValueTile(channel);
      this.#tileOf.set(channel, tile);
      this.#tiles.append(tile.element);
    }
    for (const [channel, tile] of this.#tileOf) tile.show(values[channel]);
    // The table of all channels costs time: it is drawn only while it is open.
    if (this.#allValues.open) for (const channel of channels) this.#drawRow(channel);
  }

  #drawRow(channel: string): void {
    const latest = this.#farm.value(this.#id, channel);
    if (!latest) return;
    let row = this.#rowOf.get(channel);
    if (!row) {
      const [value, age] = [make("td", { class: "number" }), make("td", { class: "number" })];
      row = {
        value,
        age,
        element: make("tr", { "data-channel": channel }, make("th", { scope: "row" }, channelName(channel)), value, age),
      };
      this.#rowOf.set(channel, row);
      this.#tableRows.append(row.element);
    }
    setText(row.value, [...valueParts(channel, latest.value, latest.unit), qualityText(latest.quality)].filter(Boolean).join(" "));
    setText(row.age, ageText(nowMs() - latest.time_ms));
    row.element.classList.toggle("stale", freshnessOf(latest, latest.time_ms) !== "current");
  }

  #climate(): HTMLElement {
    return foldedAnswers(translate("farm_climate"), async (signal) => {
      const end = (this.#farm.devices.get(this.#id)?.last_seen_ms ?? nowMs()) + 1;
      const answers = await request<Record<string, Answer>>(`/v1/greenhouses/${encodeURIComponent(this.#id)}/climate`, {
        query: { start: end - CLIMATE_MS, end },
        signal,
      });
      return answerTiles(CLIMATE_NOW, answers);
    });
  }

  #lastFlight(): HTMLElement {
    const swath = make("input", { type: "number", min: 0.5, max: 100, step: 0.1, inputmode: "decimal" });
    const path = `/v1/devices/${encodeURIComponent(this.#id)}/application`;
    const load = async (signal: AbortSignal): Promise<Node> => {
      const flight = await findLastFlight(this.#farm, this.#id);
      if (flight === null) return make("p", { class: "note" }, translate("farm_no_flight"));
      try {
        const answers = await request<Record<string, Answer> & { swath_m: number }>(path, {
          query: { start: flight[0], end: flight[1], swath_m: swath.value || undefined },
          signal,
        });
        swath.value = String(answers.swath_m);
        return answerTiles(
          indicesWhere(({ section }) => section === "application"),
          answers,
        );
      } catch (error) {
        // Nothing is guessed: without an implement there is no area until somebody enters a swath.
        if (!(error instanceof ApiError && error.kind === "no-implement")) throw error;
        return make("p", { class: "note" }, translate("farm_swath_needed"));
      }
    };
    const details = foldedAnswers(translate("farm_flight"), load, make("label", { class: "swath" }, translate("farm_swath"), " ", swath));
    swath.addEventListener("change", () => {
      if (swath.checkValidity() && swath.value !== "") details.dispatchEvent(new Event("toggle"));
    });
    return details;
  }
}

// Answers cost the server time: they are requested when the panel is opened.
function foldedAnswers(title: string, load: (signal: AbortSignal) => Promise<Node>, ...controls: Node[]): HTMLDetailsElement {
  const [place, progress] = [make("div", { class: "answers-place" }), new Progress()];
  const last = new LastChoice(null);
  const details = make("details", { class: "answers-folded" }, make("summary", {}, title), ...controls, progress.element, place);
  details.addEventListener("toggle", () => {
    if (!details.open) return;
    void progress.run(() => last.run(({ signal }) => load(signal))).then((content) => content && place.replaceChildren(content));
  });
  return details;
}

function answerTiles(names: readonly string[], answers: Record<string, Answer>): HTMLElement {
  return make(
    "div",
    { class: "answers" },
    ...names.flatMap((name) => {
      const answer = answers[name];
      if (!answer) return [];
      const tile = answerTile(channelName(name), answer, digitsOf(answer.unit, name));
      tile.dataset["answer"] = name;
      return [tile];
    }),
  );
}

interface EventItem {
  time_ms: number;
  kind: string;
  data: Record<string, unknown>;
}

// The last flight is between the last two changes of the arming state; a flight that has not ended ends at the newest value. It is sought
// in the last half hour first: a list of events begins with the oldest, and one of a busy day does not reach its end.
async function findLastFlight(farm: FarmState, device: string): Promise<[startMs: number, endMs: number] | null> {
  const path = `/v1/devices/${encodeURIComponent(device)}`;
  const lastMs = farm.devices.get(device)?.last_seen_ms ?? nowMs();
  const end = lastMs + 1;
  for (const searchMs of FLIGHT_SEARCHES_MS) {
    const { items } = await request<{ items: EventItem[] }>(`${path}/events`, { query: { start: lastMs - searchMs, end, limit: 5000 } });
    const armedEvents = items.filter((event) => event.kind === "armed");
    const takeOff = armedEvents.findLastIndex((event) => event.data["armed"] === true);
    if (takeOff >= 0) return [(armedEvents[takeOff] as EventItem).time_ms, armedEvents[takeOff + 1]?.time_ms ?? end];
  }
  return findByPositions(path, lastMs, farm.value(device, HEIGHT) !== undefined);
}

// Without arming events: the last positions without a gap of two minutes, and without a time on the ground between them.
async function findByPositions(path: string, lastMs: number, hasHeight: boolean): Promise<[startMs: number, endMs: number] | null> {
  for (const searchMs of FLIGHT_SEARCHES_MS) {
    try {
      const { time_ms: times, channels } = await request<{ time_ms: number[]; channels: Record<string, (number | null)[]> }>(
        `${path}/series`,
        {
          query: {
            channel: hasHeight ? ["latitude_deg", HEIGHT] : ["latitude_deg"],
            start: lastMs - searchMs,
            end: lastMs + 1,
            max_points: 1440,
          },
        },
      );
      if (times.length === 0) continue;
      const isDown = (at: number): boolean => (channels[HEIGHT]?.[at] ?? GROUND_M + 1) <= GROUND_M;
      let last = times.length - 1;
      while (last > 0 && isDown(last)) last -= 1;
      let first = last;
      while (first > 0 && !isDown(first - 1) && (times[first] as number) - (times[first - 1] as number) < FLIGHT_GAP_MS) first -= 1;
      // One that reaches back to where the search began may have begun before it.
      if (first > 0 || searchMs === FLIGHT_SEARCHES_MS.at(-1)) return [times[first] as number, (times[last] as number) + 1];
    } catch (error) {
      if (errorText(error) === null) throw error;
      return null;
    }
  }
  return null;
}
