// The browser's sign-in. The key is sent to the server once and becomes a cookie that scripts cannot read.

import { forgetDrafts } from "./drafts";
import { ApiError, forgetReads, request } from "./request";

export interface Session {
  organisation: { handle: string; name: string };
  scope: "read" | "write" | "admin" | "samples";
  by: string;
  /** The id of the person who signed in, where the key has one. */
  person?: string | null;
  /** The role of the person who signed in, where the key has one. */
  role?: string | null;
  /** By which customers reach the station; null where none is stated, or one of that machine alone. */
  public_url?: string | null;
  /** The operations that are permitted: methods by path of the API document. */
  may: Readonly<Record<string, readonly string[]>>;
}

/** Kept in the browser while a member is signed in, to whom the questions of the farm page are refused. */
const MEMBER_KEY = "headland.member";

let session: Session | null = null;

/** Return the session as last received; null before sign-in, or where the server requires none. */
export function currentSession(): Session | null {
  return session;
}

/** Return what tells who is signed in from everybody else; "" where no key is required. */
export function currentAuthor(): string {
  return session === null ? "" : [session.organisation.handle, session.person ?? "", session.by].join(" ");
}

/** Return whether requests are allowed: signed in, or no key required. Uses a key in the address. */
export async function openSession(): Promise<boolean> {
  const key = keyInAddress();
  if (key !== null) {
    // Remove the key from the address bar and the history first.
    history.replaceState(null, "", `${location.pathname}${location.search}#/`);
    try {
      await signIn(key);
      return true;
    } catch (error) {
      if (!(error instanceof ApiError) || ![400, 401, 403, 422].includes(error.status)) throw error;
    }
  }
  try {
    await askSession();
    return true;
  } catch (error) {
    // A server without this route requires no key.
    if (error instanceof ApiError && error.status === 404) return true;
    if (error instanceof ApiError && error.status === 401) return false;
    throw error;
  }
}

export async function signIn(key: string): Promise<void> {
  try {
    await request("/v1/session", { method: "POST", body: { key } });
    await askSession();
  } catch (error) {
    if (error instanceof ApiError && (error.status === 404 || error.status === 405)) return;
    throw error;
  }
}

export async function signOut(): Promise<void> {
  await request("/v1/session", { method: "DELETE" });
  forgetDrafts(currentAuthor());
  session = null;
  rememberMember(false);
  await forgetAnswers();
}

/** Delete the answers that the service worker has stored: the next user of this browser does not see them. */
export async function forgetAnswers(): Promise<void> {
  forgetReads();
  // Without TLS a browser has neither.
  if ("caches" in globalThis) await caches.delete("headland-answers");
}

/** Return whether the user is a member of the cooperative: as last received, or as this browser remembers it. */
export function isProbablyMember(): boolean {
  if (session !== null) return session.role === "member";
  try {
    return localStorage.getItem(MEMBER_KEY) !== null;
  } catch {
    return false;
  }
}

async function askSession(): Promise<void> {
  session = await request<Session>("/v1/session");
  rememberMember(session.role === "member");
}

function rememberMember(isMember: boolean): void {
  try {
    if (isMember) localStorage.setItem(MEMBER_KEY, "true");
    else localStorage.removeItem(MEMBER_KEY);
  } catch {
    // Nothing can be stored here, such as in a private window: then the first questions are refused.
  }
}

function keyInAddress(): string | null {
  return /^#key=([\w.-]{1,200})$/.exec(location.hash)?.[1] ?? null;
}
