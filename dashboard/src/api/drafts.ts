// What was typed in forms and not sent yet: in this tab alone, for at most twelve hours, until it is saved or the user signs out.

const PREFIX = "headland.draft:";
const LONGEST_MS = 12 * 3_600_000;
/** Longest draft that is kept, in characters. */
const MOST = 100_000;

export interface Draft {
  /** Who typed it, as the session names them: nobody else gets it. */
  by: string;
  language: string;
  madeMs: number;
  /** What was typed by the names of fields, and what was in the field before. */
  fields: Record<string, { values: string[]; before: string[] }>;
}

/** Return the draft of a form for who is signed in; null where there is none. */
export function loadDraft(form: string, by: string): Draft | null {
  try {
    const draft = JSON.parse(sessionStorage.getItem(PREFIX + form) ?? "null") as Draft | null;
    return draft === null || draft.by !== by || Date.now() - draft.madeMs > LONGEST_MS ? null : draft;
  } catch {
    return null;
  }
}

export function saveDraft(form: string, draft: Draft): void {
  const text = JSON.stringify(draft);
  try {
    if (text.length <= MOST) sessionStorage.setItem(PREFIX + form, text);
  } catch {
    // Some private windows have no storage: then the form lasts as long as its page.
  }
}

export function dropDraft(form: string): void {
  try {
    sessionStorage.removeItem(PREFIX + form);
  } catch {
    // See saveDraft().
  }
}

/** Delete every draft, as at sign-out: the next user of this browser does not see them. */
export function forgetDrafts(): void {
  try {
    for (const key of Object.keys(sessionStorage)) if (key.startsWith(PREFIX)) sessionStorage.removeItem(key);
  } catch {
    // See saveDraft().
  }
}
