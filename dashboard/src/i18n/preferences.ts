// Preferences of this browser: language and area unit. Stored in the browser; listeners are called on a change.

export type Language = "en" | "zh-CN";
/** Each language by its own name. */
export const LANGUAGE_NAMES: Readonly<Record<Language, string>> = { "zh-CN": "简体中文", en: "English" };
export type AreaUnit = "ha" | "mu";
/** Colours of the page: as the device says, or always the same. */
export type Theme = "auto" | "light" | "dark";

/** Work for which the menu is chosen. */
export const VIEWS = ["grower", "greenhouse", "agronomist", "pilot", "accountant", "technician", "administrator"] as const;
export type WorkView = (typeof VIEWS)[number];

const VIEW_KEY = "headland.view";
const LANGUAGE_KEY = "headland.language";
const AREA_UNIT_KEY = "headland.area";
const THEME_KEY = "headland.theme";
const listeners = new Set<() => void>();

let language: Language = initialLanguage();
let areaUnit: AreaUnit = initialAreaUnit();
let theme: Theme = initialTheme();

export function currentLanguage(): Language {
  return language;
}

export function currentAreaUnit(): AreaUnit {
  return areaUnit;
}

export function setLanguage(chosen: Language): void {
  language = chosen;
  if (load(AREA_UNIT_KEY) === null) areaUnit = initialAreaUnit();
  save(LANGUAGE_KEY, chosen);
  notify();
}

export function setAreaUnit(chosen: AreaUnit): void {
  areaUnit = chosen;
  save(AREA_UNIT_KEY, chosen);
  notify();
}

export function currentTheme(): Theme {
  return theme;
}

export function setTheme(chosen: Theme): void {
  theme = chosen;
  save(THEME_KEY, chosen);
  notify();
}

/** Call `listener` after each change. Returns a function that removes it. */
export function onPreferenceChange(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Return the work that was chosen in this browser; null before one was. */
export function chosenView(): WorkView | null {
  const stored = load(VIEW_KEY) ?? viewOfPage;
  return VIEWS.find((view) => view === stored) ?? null;
}

export function setView(chosen: WorkView): void {
  viewOfPage = chosen;
  save(VIEW_KEY, chosen);
  notify();
}
let viewOfPage: WorkView | null = null;

function notify(): void {
  document.documentElement.lang = language;
  for (const listener of [...listeners]) listener();
}

function initialLanguage(): Language {
  const preferred = load(LANGUAGE_KEY) ?? navigator.languages.find((tag) => /^(zh|en)\b/i.test(tag)) ?? "en";
  const chosen: Language = /^zh/i.test(preferred) ? "zh-CN" : "en";
  document.documentElement.lang = chosen;
  return chosen;
}

function initialAreaUnit(): AreaUnit {
  const stored = load(AREA_UNIT_KEY);
  if (stored === "ha" || stored === "mu") return stored;
  return language === "zh-CN" ? "mu" : "ha";
}

function initialTheme(): Theme {
  const stored = load(THEME_KEY);
  return stored === "light" || stored === "dark" ? stored : "auto";
}

// Some private windows have no storage: the preferences then last until the page is closed.
function load(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

function save(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    // See load().
  }
}
