// Texts in the chosen language: the page's own by key (`translate`), names of the API's identifiers by `term`.

import { signal } from "@preact/signals";
import terms from "../../../headland/i18n/terms.json";
import type { alarms } from "./alarms";
import type { connect } from "./connect";
import type { answers } from "./answers";
import { loadedText } from "./catalogue";
import "./common";
import type { common } from "./common";
import type { coordinates } from "./coordinates";
import type { cooperative } from "./cooperative";
import type { deliveries } from "./deliveries";
import type { people } from "./people";
import type { duty } from "./duty";
import type { energy } from "./energy";
import type { farm } from "./farm";
import type { field } from "./field";
import type { fieldOutlook } from "./field_outlook";
import type { fieldWater } from "./field_water";
import type { fieldPass } from "./field_pass";
import type { fieldWork } from "./field_work";
import type { doubts } from "./doubts";
import type { forecastProviders } from "./forecast_providers";
import type { findings } from "./findings";
import type { greenhouse } from "./greenhouse";
import type { house } from "./house";
import type { health } from "./health";
import type { imports } from "./imports";
import type { mapSources } from "./map_sources";
import type { senders } from "./senders";
import type { mapLegend } from "./map_legend";
import type { mapTools } from "./map_tools";
import type { harvest } from "./harvest";
import type { notFound } from "./not_found";
import type { notes } from "./notes";
import { currentLanguage } from "./preferences";
import { findMethod, findQuantity, findUnit, type Labels } from "./quantities";
import type { sensors } from "./sensors";
import type { settings } from "./settings";
import type { today } from "./today";
import type { tonight } from "./tonight";
import type { trials } from "./trials";
import type { ui } from "./ui";
import type { weather } from "./weather";
import type { plan } from "./plan";
import type { yields } from "./yields";
import "./ui";

/** The key that a station makes for itself. */
export const STATION_KEY = "this machine";

/** The keys of all catalogues; a module that uses a key of a page's catalogue imports that catalogue, as `npm run check:circles` proves. */
export type TextKey =
  | keyof typeof common
  | keyof typeof ui
  | keyof typeof cooperative
  | keyof typeof farm
  | keyof typeof field
  | keyof typeof fieldPass
  | keyof typeof fieldWork
  | keyof typeof fieldOutlook
  | keyof typeof fieldWater
  | keyof typeof doubts
  | keyof typeof forecastProviders
  | keyof typeof mapLegend
  | keyof typeof mapTools
  | keyof typeof mapSources
  | keyof typeof senders
  | keyof typeof findings
  | keyof typeof greenhouse
  | keyof typeof answers
  | keyof typeof alarms
  | keyof typeof connect
  | keyof typeof health
  | keyof typeof house
  | keyof typeof harvest
  | keyof typeof notes
  | keyof typeof imports
  | keyof typeof coordinates
  | keyof typeof deliveries
  | keyof typeof people
  | (keyof typeof duty | keyof typeof energy)
  | keyof typeof notFound
  | keyof typeof sensors
  | keyof typeof settings
  | keyof typeof today
  | keyof typeof tonight
  | keyof typeof trials
  | keyof typeof weather
  | keyof typeof plan
  | keyof typeof yields;
/** The groups of terms that the page has; `vite.config.ts` leaves those out that only the API uses. Quantities and units are the catalogue's. */
export type TermGroup = Exclude<keyof typeof terms, "account_entries" | "form_fields" | "problems"> | "quantities" | "units";

/** Return a text with its `{placeholders}` replaced. */
export function translate(key: TextKey, values: Record<string, string | number> = {}): string {
  const text = loadedText(key)?.[currentLanguage() === "en" ? 0 : 1] ?? key;
  return text.replace(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? ""));
}

/** Return the shared catalogue's text for an identifier of the API, or null where it has none. */
export function findTerm(group: TermGroup, id: string | number): string | null {
  return ownLabels(group, String(id))?.[currentLanguage() === "en" ? "en" : "zh"] ?? null;
}

function ownLabels(group: TermGroup, id: string): Labels | undefined {
  if (group === "quantities") return findQuantity(id)?.labels;
  if (group === "units") return findUnit(id)?.labels;
  return (group === "methods" ? findMethod(id) : undefined) ?? labelsOf(group)[id];
}

function labelsOf(group: TermGroup): Readonly<Record<string, Labels>> {
  return (terms as Readonly<Record<string, Readonly<Record<string, Labels>>>>)[group] ?? {};
}

/** Return the text for an identifier; an unknown one is readable in English and generic in Chinese. */
export function term(group: TermGroup, id: string | number): string {
  return findTerm(group, id) ?? (currentLanguage() === "en" ? String(id).replaceAll(/[_-]/g, " ") : translate("other"));
}

/** Return the name of a greenhouse zone; one that is named after its crop is named in the page's language. */
export function zoneText(name: string): string {
  return findTerm("crops", name) ?? name;
}

/** Return the identifier whose text is given, in either language; a text that is no term is returned as it is. */
export function idOfTerm(group: TermGroup, text: string): string {
  const trimmed = text.trim();
  const lowerCase = trimmed.toLowerCase();
  return Object.entries(labelsOf(group)).find(([, { en, zh }]) => en.toLowerCase() === lowerCase || zh === trimmed)?.[0] ?? trimmed;
}

/** Return a channel's name with its instance number. */
export function channelName(channel: string): string {
  const [quantity = "", instance] = channel.split(":");
  const name = findTerm("quantities", quantity) ?? translate("other_quantity", { name: quantity.replaceAll("_", " ") });
  return instance === undefined ? name : `${name} ${instance}`;
}

/** Return a description of a computing method: in English with its source, in Chinese from the catalogue alone. */
export function methodText(method: { id: string; version: number; source: string }): string {
  if (currentLanguage() === "en")
    return translate("method_version", { method: withSigns(withChannelName(method.source)), version: method.version });
  return translate("method_version", { method: findTerm("methods", method.id) ?? translate("method_other"), version: method.version });
}

/** Return an English text of the API, which is plain ASCII, with the signs of units. */
export function withSigns(text: string): string {
  return text.replaceAll(/\bdegC\b/g, "°C").replaceAll(/\b(c?m)([23])\b/g, (_, length, power) => length + (power === "2" ? "²" : "³"));
}

/** Return the source of a light integral, which begins with the channel that it is of and a factor, with its name. */
function withChannelName(source: string): string {
  return source.replace(/^(\w+) times ([\d.e+-]+):\s*(;?)/, (whole, channel: string, factor: string, end: string) => {
    const name = findTerm("quantities", channel);
    return name === null ? whole : `${name}${factor === "1" ? "" : ` × ${factor}`}${end || ": "}`;
  });
}

/** Return names as a list: "a, b" in English, "a、b" in Chinese. */
export function listText(names: readonly string[]): string {
  return names.filter(Boolean).join(currentLanguage() === "en" ? ", " : "、");
}

/** Names of authors by what records call them, as far as they were asked for; null: asked, and without one. */
const authorNames = signal<ReadonlyMap<string, string | null>>(new Map());
let askForName: (by: string) => void = () => undefined;

/** Call `ask` with every author without a known name that is to be displayed. */
export function onUnknownAuthor(ask: (by: string) => void): void {
  askForName = ask;
}

/** Keep the names of authors for `authorText`; components that display one are drawn again. */
export function nameAuthors(names: readonly (readonly [string, string | null])[]): void {
  authorNames.value = new Map([...authorNames.value, ...names]);
}

/** Return who made a change: the name of the person, key or login that the API calls by an identifier. */
export function authorText(by: string): string {
  if (!/^(key|member):/.test(by)) return by;
  const name = authorNames.value.get(by);
  if (name === undefined) askForName(by);
  if (name === STATION_KEY) return translate("author_station_key");
  return name ?? (by.startsWith("key:") ? translate("author_key", { key: by.slice(4) }) : by.slice(7));
}

/** Return a text that the API has in one language only: an English sentence is left out of a Chinese page. */
export function englishOnly(text: string): string {
  return currentLanguage() === "en" ? withSigns(text) : "";
}
