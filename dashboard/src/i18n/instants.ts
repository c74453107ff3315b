// Formatting of instants, ages and durations. Instants are in the site's time zone, not in the viewer's.

import { dateFormat, relativeFormat } from "./formatters";
import { currentLanguage } from "./preferences";
import { term, translate } from "./translate";

let timeZone: string | null = null;
let answerZone: string | null = null;
let browserZone: string | null = null;
let isZoneClosed = false;

/** Set the site's time zone (IANA name); null where it is not known: the browser's is used, and the page says so. */
export function setTimeZone(name: string | null): void {
  isZoneClosed = false;
  timeZone = name;
}

/** Set the time zone of the answer that the page shows, whose days and hours it formats; null where it shows none of one house. */
export function setAnswerZone(name: string | null): void {
  answerZone = name;
}

/** Return whether the answer on the page has another time zone than the page's foot says. */
export function isZoneOfAnswerOther(): boolean {
  const shown = answerZone;
  if (shown === null) return false;
  answerZone = null;
  const isOther = timeZoneName() !== shown;
  answerZone = shown;
  return isOther;
}

export function timeZoneName(): string {
  if (answerZone !== null) return answerZone;
  if (timeZone !== null) return timeZone;
  browserZone ??= Intl.DateTimeFormat().resolvedOptions().timeZone;
  return browserZone;
}

/** Return the short name of a day of the week; 1 is Monday. */
export function weekdayText(day: number): string {
  // 2024-01-01 was a Monday.
  return dateFormat({ weekday: "short", timeZone: "UTC" }).format(Date.UTC(2024, 0, day));
}

/** Say that the sites' time zone is not for this user: a member of the cooperative sees no sites. */
export function closeTimeZone(): void {
  isZoneClosed = true;
}

/** Return the sentence that names the time zone of the page. */
export function timeZoneNote(): string {
  return translate(timeZone !== null ? "site_time" : isZoneClosed ? "member_time" : "browser_time", { zone: timeZoneLabel() });
}

/** Return an instant by the clock of a time zone, without one by the page's. */
export function formatInstant(timeMs: number, form: Intl.DateTimeFormatOptions, zone = timeZoneName()): string {
  return dateFormat({ ...form, timeZone: zone }).format(timeMs);
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
  return dateFormat({
    dateStyle: "medium",
    timeStyle: "short",
    hourCycle: "h23",
    timeZone: timeZoneName(),
  }).formatRange(startMs, endMs);
}

/** Return the local date of an instant, as 2026-03-31. */
export function dateOf(timeMs: number): string {
  return dateFormat({ year: "numeric", month: "2-digit", day: "2-digit", timeZone: timeZoneName() }, "sv-SE").format(timeMs);
}

/** Return the instant at which a local date begins, or `days` after it; null for no date. */
export function startOfDateMs(date: string, days = 0): number | null {
  const [year = NaN, month = NaN, day = NaN] = date.split("-").map(Number);
  const wanted = Date.UTC(year, month - 1, day + days);
  if (Number.isNaN(wanted)) return null;
  // Twice, because the offset of the first guess can be the one before a change of the clocks.
  let at = wanted;
  for (let round = 0; round < 2; round += 1) at = wanted - offsetMsAt(at);
  return at;
}

/** Return an instant as the value of a control for a local date and time: 2026-03-31T14:05. */
export function localInput(timeMs: number): string {
  const form = { year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", hourCycle: "h23" } as const;
  return dateFormat({ ...form, timeZone: timeZoneName() }, "sv-SE")
    .format(timeMs)
    .replace(" ", "T");
}

/** Return the instant of a local date and time as a control has it; null for none. */
export function instantOf(value: string): number | null {
  const wanted = Date.parse(`${value}Z`);
  if (Number.isNaN(wanted)) return null;
  let at = wanted;
  for (let round = 0; round < 2; round += 1) at = wanted - offsetMsAt(at);
  return at;
}

/** Return the instant of a control that displayed `known` at first: `known` itself where its minute is still there, as a control has no seconds. */
export function exactInstantOf(value: string, known: number | null | undefined): number | null {
  return known != null && localInput(known) === value ? known : instantOf(value);
}

function offsetMsAt(timeMs: number): number {
  const form = { hourCycle: "h23", year: "numeric", month: "numeric", day: "numeric", hour: "numeric" } as const;
  const whole = { ...form, minute: "numeric", second: "numeric", timeZone: timeZoneName() } as const;
  const parts = dateFormat(whole, "en-US").formatToParts(timeMs);
  const part = (type: Intl.DateTimeFormatPartTypes): number => Number(parts.find((each) => each.type === type)?.value);
  return (
    Date.UTC(part("year"), part("month") - 1, part("day"), part("hour"), part("minute"), part("second")) - Math.floor(timeMs / 1000) * 1000
  );
}

export function ageText(ageMs: number): string {
  const seconds = Math.max(0, Math.round(ageMs / 1000));
  const relative = relativeFormat({ numeric: seconds === 0 ? "auto" : "always", style: "short" });
  if (seconds < 90) return relative.format(-seconds, "second");
  if (seconds < 5400) return relative.format(-Math.round(seconds / 60), "minute");
  if (seconds < 129_600) return relative.format(-Math.round(seconds / 3600), "hour");
  return relative.format(-Math.round(seconds / 86_400), "day");
}

/** Return a duration as a stopwatch writes it: 12:05 or 1:12:05. */
export function stopwatchText(durationS: number): string {
  const whole = Math.max(0, Math.round(durationS));
  const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60].map((part) => String(part).padStart(2, "0"));
  return parts[0] === "00" ? parts.slice(1).join(":") : parts.join(":");
}

/** Return a duration by its two largest units: "6 h 22 min", "6 小时 22 分钟". */
export function durationText(durationS: number): string {
  const whole = Math.max(0, Math.round(durationS));
  const [days, hours, minutes, seconds] = [
    Math.floor(whole / 86_400),
    Math.floor(whole / 3600) % 24,
    Math.floor(whole / 60) % 60,
    whole % 60,
  ];
  const parts: [number, string][] = [
    [days, "d"],
    [hours, "h"],
    [minutes, "min"],
    [seconds, "s"],
  ];
  const first = parts.findIndex(([amount]) => amount > 0);
  const shown = parts
    .slice(first < 0 ? 3 : first)
    .slice(0, 2)
    .filter(([amount], index) => index === 0 || amount > 0);
  return shown.map(([amount, unit]) => `${amount} ${term("units", unit)}`).join(" ");
}

export function timeZoneLabel(): string {
  const name = timeZoneName();
  if (currentLanguage() === "en") return name;
  if (name === "Asia/Shanghai") return translate("beijing_time");
  return (
    dateFormat({ timeZone: name, timeZoneName: "long" })
      .formatToParts()
      .find((part) => part.type === "timeZoneName")?.value ?? name
  );
}
