// Asking the station. What goes wrong becomes one sentence for a person; code looks at `status` and `kind`.

import { word } from "../i18n/translate";
import { noteClock } from "./clock";

export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
}

/** Why an answer did not come. `status` is 0 where the station could not be reached at all. */
export class AskError extends Error {
  override name = "AskError";

  constructor(
    readonly status: number,
    readonly kind: string,
    sentence: string,
    /** What else the problem document said. */
    readonly extra: Readonly<Record<string, unknown>> = {},
  ) {
    super(sentence);
  }
}

export interface AskOptions {
  method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  query?: Record<string, string | number | boolean | readonly string[] | null | undefined>;
  body?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal;
  patienceMs?: number;
}

type Listener = (reachable: boolean) => void;
const listeners = new Set<Listener>();
let onSignedOut: () => void = () => undefined;

export function onReachable(listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Say what happens when an answer is 401: the session is over. */
export function whenSignedOut(act: () => void): void {
  onSignedOut = act;
}

/** Return the JSON of an answer; throws an `AskError` with a sentence that says what to do. */
export async function ask<T>(path: string, options: AskOptions = {}): Promise<T> {
  const response = await askResponse(path, options);
  return response.status === 204 ? (undefined as T) : ((await response.json()) as T);
}

/** Return the answer itself; throws an `AskError` unless it is a success. */
export async function askResponse(path: string, options: AskOptions = {}): Promise<Response> {
  const asked = Date.now();
  const patience = AbortSignal.timeout(options.patienceMs ?? 20_000);
  const signal = options.signal ? AbortSignal.any([options.signal, patience]) : patience;
  const headers: Record<string, string> = { Accept: "application/json", ...options.headers };
  const init: RequestInit = { method: options.method ?? "GET", headers, signal };
  if (options.body !== undefined) {
    const ready = options.body instanceof Blob || typeof options.body === "string";
    if (!ready) headers["Content-Type"] ??= "application/json";
    init.body = ready ? (options.body as Blob | string) : JSON.stringify(options.body);
  }
  let response: Response;
  try {
    response = await fetch(address(path, options.query), init);
  } catch (error) {
    if (options.signal?.aborted) throw error;
    reach(false);
    throw new AskError(0, "unreachable", word(patience.aborted ? "problem_timeout" : "problem_unreachable"));
  }
  noteClock(response.headers.get("Date"), asked);
  reach(true);
  if (response.ok) return response;
  if (response.status === 401 && !path.startsWith("/v1/session")) onSignedOut();
  throw await problemOf(response);
}

/** Return all items of a list that comes in pages, `most` at the most. */
export async function askAll<T>(path: string, options: AskOptions = {}, most = 10_000): Promise<T[]> {
  const items: T[] = [];
  let cursor: string | null = null;
  do {
    const page: { items: T[]; next: string | null } = await ask(path, { ...options, query: { ...options.query, cursor } });
    items.push(...page.items);
    cursor = page.next;
  } while (cursor !== null && items.length < most);
  return items;
}

/** Return the sentence of whatever went wrong; null where somebody only left the page. */
export function sentenceOf(error: unknown): string | null {
  if (error instanceof DOMException && error.name === "AbortError") return null;
  if (error instanceof AskError) return error.message;
  return word("problem_bug", { text: error instanceof Error ? error.message : String(error) });
}

export function address(path: string, query: AskOptions["query"] = {}): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === null || value === undefined) continue;
    for (const one of Array.isArray(value) ? value : [value]) search.append(name, String(one));
  }
  return search.size === 0 ? path : `${path}${path.includes("?") ? "&" : "?"}${search}`;
}

async function problemOf(response: Response): Promise<AskError> {
  const kind = response.status === 429 || response.status === 503 ? "later" : "";
  let told: Partial<Problem> = {};
  try {
    told = (await response.json()) as Partial<Problem>;
  } catch {
    // No problem document: the status has to do.
  }
  const name = told.type?.startsWith("urn:headland:problem:") ? told.type.slice("urn:headland:problem:".length) : kind;
  const detail = told.detail || told.title || response.statusText || String(response.status);
  return new AskError(response.status, name, advise(response, detail), told as Record<string, unknown>);
}

// The station's own sentence, and what a person can do about it where the station cannot know that.
function advise(response: Response, detail: string): string {
  if (response.status === 401) return word("problem_signed_out");
  if (response.status === 403) return word("problem_forbidden", { detail });
  if (response.status === 412) return word("problem_changed_meanwhile");
  if (response.status === 429 || response.status === 503) {
    const wait = response.headers.get("Retry-After");
    return wait === null ? detail : `${detail} ${word("problem_try_again", { seconds: wait })}`;
  }
  if (response.status >= 500) return word("problem_server", { detail });
  return detail;
}

function reach(reachable: boolean): void {
  for (const listener of [...listeners]) listener(reachable);
}
