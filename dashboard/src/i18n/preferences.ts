// What the person chose for this browser: language and unit of ground. Kept, and told to whoever listens.

export type Language = "en" | "zh-CN";
export type AreaUnit = "ha" | "mu";

const LANGUAGE = "headland.language";
const AREA = "headland.area";
const listeners = new Set<() => void>();

let language: Language = firstLanguage();
let area: AreaUnit = firstArea();

export function currentLanguage(): Language {
  return language;
}

export function currentArea(): AreaUnit {
  return area;
}

export function chooseLanguage(wanted: Language): void {
  language = wanted;
  if (kept(AREA) === null) area = firstArea();
  keep(LANGUAGE, wanted);
  tell();
}

export function chooseArea(wanted: AreaUnit): void {
  area = wanted;
  keep(AREA, wanted);
  tell();
}

export function onChoice(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function tell(): void {
  document.documentElement.lang = language;
  for (const listener of [...listeners]) listener();
}

function firstLanguage(): Language {
  const wished = kept(LANGUAGE) ?? navigator.languages.find((tag) => /^(zh|en)\b/i.test(tag)) ?? "en";
  const found: Language = /^zh/i.test(wished) ? "zh-CN" : "en";
  document.documentElement.lang = found;
  return found;
}

function firstArea(): AreaUnit {
  const wished = kept(AREA);
  if (wished === "ha" || wished === "mu") return wished;
  return language === "zh-CN" ? "mu" : "ha";
}

// A browser that keeps nothing (private windows of some) is no reason to show nothing.
function kept(name: string): string | null {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}

function keep(name: string, value: string): void {
  try {
    localStorage.setItem(name, value);
  } catch {
    // Chosen for this visit only.
  }
}
