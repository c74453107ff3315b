// What was typed in forms and not sent yet: in this browser, for at most twelve hours, until it is saved or its author signs out. Each tab
// has its own, so that none overwrites another's; what another person typed stays theirs.

const PREFIX = "headland.draft:";
const TAB_KEY = "headland.tab";
const LONGEST_MS = 12 * 3_600_000;
/** Longest draft that is kept, in characters. */
const MOST = 100_000;

export interface Draft {
  language: string;
  madeMs: number;
  /** What was typed by the names of fields, and what was in the field before. */
  fields: Record<string, { values: string[]; before: string[] }>;
}

/** A form of a person: drafts of it are found by both. */
export interface DraftedForm {
  /** Who types, as the session tells them from others: nobody else gets it. */
  by: string;
  form: string;
}

let tab = ownTab();
forgetOld();
// A tab that was made as a copy of another has its number, too, until the other says so.
const tabs = new BroadcastChannel("headland.tabs");
tabs.addEventListener("message", ({ data }: MessageEvent<{ asked?: string; taken?: string }>) => {
  if (data.asked === tab) tabs.postMessage({ taken: tab });
  else if (data.taken === tab) tab = newTab();
});
tabs.postMessage({ asked: tab });

/** Return what was typed into a form in this tab; null where nothing was. */
export function loadDraft(drafted: DraftedForm): Draft | null {
  return read(keyOf(drafted, tab));
}

/** Return what was typed last into a form in another tab; null where nothing was. */
export function loadDraftOfOthers(drafted: DraftedForm): Draft | null {
  const own = keyOf(drafted, tab);
  const drafts = keysOf(keyOf(drafted, "")).flatMap((key) => (key === own ? [] : (read(key) ?? [])));
  return drafts.reduce<Draft | null>((latest, each) => (latest === null || each.madeMs > latest.madeMs ? each : latest), null);
}

export function saveDraft(drafted: DraftedForm, draft: Draft): void {
  const text = JSON.stringify(draft);
  try {
    if (text.length <= MOST) localStorage.setItem(keyOf(drafted, tab), text);
  } catch {
    // Some private windows have no storage: then the form lasts as long as its page.
  }
}

/** Delete what was typed in this tab, and in another what `taken` was taken from: it is saved. */
export function dropDraft(drafted: DraftedForm, taken: Draft | null = null): void {
  remove(keyOf(drafted, tab));
  if (taken === null) return;
  for (const key of keysOf(keyOf(drafted, ""))) if (read(key)?.madeMs === taken.madeMs) remove(key);
}

/** Call `tell` whenever another tab types into the form or saves it, until the function that is returned is called. */
export function followDraft(drafted: DraftedForm, tell: (change: "typed elsewhere" | "saved elsewhere") => void): () => void {
  const listen = ({ key, newValue }: StorageEvent): void => {
    if (!key?.startsWith(keyOf(drafted, ""))) return;
    tell(key === keyOf(drafted, tab) && newValue === null ? "saved elsewhere" : "typed elsewhere");
  };
  addEventListener("storage", listen);
  return () => removeEventListener("storage", listen);
}

/** Delete every draft of a person, as at sign-out. */
export function forgetDrafts(by: string): void {
  for (const key of keysOf(PREFIX)) if (key.startsWith(`${PREFIX}${by}\n`)) remove(key);
}

function keyOf({ by, form }: DraftedForm, of: string): string {
  return `${PREFIX}${by}\n${form}\n${of}`;
}

function keysOf(prefix: string): string[] {
  try {
    return Object.keys(localStorage).filter((key) => key.startsWith(prefix));
  } catch {
    return [];
  }
}

function read(key: string): Draft | null {
  try {
    const draft = JSON.parse(localStorage.getItem(key) ?? "null") as Draft | null;
    return draft === null || Date.now() - draft.madeMs > LONGEST_MS ? null : draft;
  } catch {
    return null;
  }
}

function remove(key: string): void {
  try {
    localStorage.removeItem(key);
  } catch {
    // See saveDraft().
  }
}

function forgetOld(): void {
  for (const key of keysOf(PREFIX)) if (read(key) === null) remove(key);
}

/** Return the number of this tab, which outlives a reload. */
function ownTab(): string {
  try {
    return sessionStorage.getItem(TAB_KEY) ?? newTab();
  } catch {
    return newTab();
  }
}

function newTab(): string {
  const number = [...crypto.getRandomValues(new Uint8Array(8))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  try {
    sessionStorage.setItem(TAB_KEY, number);
  } catch {
    // Then each load of the page is a tab of its own.
  }
  return number;
}
