// How instants and ages are written: always in the time zone of the site, never in that of whoever looks.

import { currentLanguage } from "./preferences";
import { word } from "./translate";

let zone: string | null = null;

/** Say in which time zone the site lies (IANA); null where nobody said so: the browser's is used, and that is said. */
export function setSiteZone(wanted: string | null): void {
  zone = wanted;
}

export function zoneName(): string {
  return zone ?? Intl.DateTimeFormat().resolvedOptions().timeZone;
}

/** Return the sentence that says whose time zone the page uses. */
export function zoneNote(): string {
  return word(zone === null ? "browser_time" : "site_time", { zone: zoneName() });
}

export function formatInstant(timeMs: number, form: Intl.DateTimeFormatOptions): string {
  return new Intl.DateTimeFormat(currentLanguage(), { ...form, timeZone: zoneName() }).format(timeMs);
}

export function dateText(timeMs: number): string {
  return formatInstant(timeMs, { dateStyle: "medium" });
}

export function dateTimeText(timeMs: number): string {
  return formatInstant(timeMs, { dateStyle: "medium", timeStyle: "short", hourCycle: "h23" });
}

export function clockText(timeMs: number): string {
  return formatInstant(timeMs, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
}

export function windowText(startMs: number, endMs: number): string {
  return new Intl.DateTimeFormat(currentLanguage(), { dateStyle: "medium", timeStyle: "short", hourCycle: "h23", timeZone: zoneName() }).formatRange(startMs, endMs);
}

export function ageText(ageMs: number): string {
  const seconds = Math.max(0, Math.round(ageMs / 1000));
  const relative = new Intl.RelativeTimeFormat(currentLanguage(), { numeric: seconds === 0 ? "auto" : "always", style: "short" });
  if (seconds < 90) return relative.format(-seconds, "second");
  if (seconds < 5400) return relative.format(-Math.round(seconds / 60), "minute");
  if (seconds < 129_600) return relative.format(-Math.round(seconds / 3600), "hour");
  return relative.format(-Math.round(seconds / 86_400), "day");
}

export function durationText(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60].map((part) => String(part).padStart(2, "0"));
  return parts[0] === "00" ? parts.slice(1).join(":") : parts.join(":");
}
