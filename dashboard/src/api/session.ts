// Who is signed in. The key goes to the station once and comes back as a cookie that no script can read.

import { ask, AskError } from "./request";

export interface Session {
  organisation: { handle: string; name: string };
  scope: "read" | "write" | "admin";
  by: string;
}

let known: Session | null = null;

/** Who is signed in, as last heard; null where nobody is, or where this station asks nobody who they are. */
export function currentSession(): Session | null {
  return known;
}

/** Tell whether this browser may ask: it is signed in, or the station needs no key. Uses a key in the address. */
export async function openSession(): Promise<boolean> {
  const key = keyInAddress();
  if (key !== null) {
    // Out of the address bar and the history before anything else is done with it.
    history.replaceState(null, "", `${location.pathname}${location.search}#/`);
    try {
      await signIn(key);
      return true;
    } catch (error) {
      if (!(error instanceof AskError) || ![400, 401, 403, 422].includes(error.status)) throw error;
    }
  }
  try {
    known = await ask<Session>("/v1/session");
    return true;
  } catch (error) {
    // A station without this route asks nobody.
    if (error instanceof AskError && error.status === 404) return true;
    if (error instanceof AskError && error.status === 401) return false;
    throw error;
  }
}

export async function signIn(key: string): Promise<void> {
  try {
    await ask("/v1/session", { method: "POST", body: { key } });
    known = await ask<Session>("/v1/session");
  } catch (error) {
    if (error instanceof AskError && (error.status === 404 || error.status === 405)) return;
    throw error;
  }
}

export async function signOut(): Promise<void> {
  await ask("/v1/session", { method: "DELETE" });
  known = null;
}

function keyInAddress(): string | null {
  const found = /^#key=([\w.-]{1,200})$/.exec(location.hash);
  return found?.[1] ?? null;
}
