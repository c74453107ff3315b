// Requests to the API. An error has one sentence for the user; code reads its `status` and `kind`.

import { signal } from "@preact/signals";
import { currentLanguage } from "../i18n/preferences";
import { translate } from "../i18n/translate";
import { setServerTime } from "./clock";

const PROBLEM_PREFIX = "urn:headland:problem:";
const TIMEOUT_MS = 20_000;

interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
}

/** A failed request. `status` is 0 where the server could not be reached; `kind` is the API's name of the problem. */
export class ApiError extends Error {
  override name = "ApiError";

  constructor(
    readonly status: number,
    readonly kind: string,
    text: string,
    /** The problem document. */
    readonly extra: Readonly<Record<string, unknown>> = {},
    /** Whether the problem's own sentences are in the language of the page. */
    readonly local = false,
  ) {
    super(text);
  }

  /** Return a sentence of the problem, or a general one where it is in another language. */
  localText(sentence: string): string {
    return this.local && sentence !== "" ? sentence : translate("field_invalid");
  }
}

export interface RequestOptions {
  method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  query?: Record<string, string | number | boolean | readonly string[] | null | undefined>;
  body?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal;
  timeoutMs?: number;
}

/** When the oldest answer that is displayed was received, where it is from the store of the browser: epoch ms. */
export const storedSinceMs = signal<number | null>(null);
const RECEIVED_HEADER = "X-Headland-Received";

/** The most paths that are remembered for `askAgain`. */
const MAX_UNKEPT = 200;
const unkept = new Set<string>();

type ReachabilityListener = (reachable: boolean) => void;
const listeners = new Set<ReachabilityListener>();
let sessionEnded: (why: string) => void = () => undefined;

/** Call `listener` after each request with whether the server answered. Returns a function that removes it. */
export function onReachability(listener: ReachabilityListener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Set what happens on an answer 401: `why` is its sentence. */
export function onSessionEnded(action: (why: string) => void): void {
  sessionEnded = action;
}

/** Return the JSON of an answer. Throws `ApiError`. */
export async function request<T>(path: string, options: RequestOptions = {}): Promise<T> {
  const response = await requestResponse(path, options);
  return response.status === 204 ? (undefined as T) : ((await response.json()) as T);
}

let pending = 0;

/** Return how many requests wait for an answer. */
export function pendingRequests(): number {
  return pending;
}

/** Return a successful answer. Throws `ApiError`. */
export async function requestResponse(path: string, options: RequestOptions = {}): Promise<Response> {
  const sentMs = Date.now();
  const timeout = AbortSignal.timeout(options.timeoutMs ?? TIMEOUT_MS);
  const signal = options.signal ? AbortSignal.any([options.signal, timeout]) : timeout;
  const headers: Record<string, string> = { Accept: "application/json", "Accept-Language": currentLanguage(), ...options.headers };
  const init: RequestInit = { method: options.method ?? "GET", headers, signal };
  if (options.body !== undefined) {
    const encoded = options.body instanceof Blob || typeof options.body === "string";
    if (!encoded) headers["Content-Type"] ??= "application/json";
    init.body = encoded ? (options.body as Blob | string) : JSON.stringify(options.body);
  }
  let response: Response;
  pending += 1;
  try {
    response = await fetch(urlOf(path, options.query), init);
  } catch (error) {
    if (options.signal?.aborted) throw error;
    notifyReachability(false);
    throw new ApiError(0, "unreachable", translate(timeout.aborted ? "error_timeout" : "error_unreachable"));
  } finally {
    pending -= 1;
  }
  // Without a network the service worker answers with what it has stored.
  const received = response.headers.get(RECEIVED_HEADER);
  if (received !== null) {
    storedSinceMs.value = Math.min(Number(received), storedSinceMs.value ?? Infinity);
    notifyReachability(false);
    return response;
  }
  setServerTime(response.headers.get("Date"), sentMs);
  storedSinceMs.value = null;
  notifyReachability(true);
  if (response.ok) {
    if (init.method === "GET" && response.headers.get("Content-Type")?.includes("json")) noteUnkept(urlOf(path, options.query));
    return response;
  }
  const problem = await readProblem(response);
  if (response.status === 401 && !path.startsWith("/v1/session")) sessionEnded(problem.message);
  throw problem;
}

// Only over TLS or on the station itself does a browser have a service worker.
function noteUnkept(address: string): void {
  if (navigator.serviceWorker?.controller === null && unkept.size < MAX_UNKEPT) unkept.add(address);
}

/** Ask again for what was read before there was a service worker to keep the answers, so that the page opens without a network from its first visit on. */
export function askAgain(): void {
  for (const address of unkept) void requestResponse(address).catch(() => undefined);
  forgetReads();
}

/** Forget what was read, as the user signs out. */
export function forgetReads(): void {
  unkept.clear();
}

/** Return a `fetch` for the typed client: it throws `ApiError`, and gives up after `timeoutMs`. */
export function fetchWithin(timeoutMs?: number): (sent: Request) => Promise<Response> {
  return async (sent) => {
    const url = new URL(sent.url);
    const options: RequestOptions = {
      method: sent.method as NonNullable<RequestOptions["method"]>,
      headers: Object.fromEntries(sent.headers),
      signal: sent.signal,
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
    };
    if (sent.body !== null) options.body = await sent.text();
    return requestResponse(url.pathname + url.search, options);
  };
}

/** Return the items of all pages of a list, at most about `maxItems`. */
export async function requestAll<T>(path: string, options: RequestOptions = {}, maxItems = 10_000): Promise<T[]> {
  const items: T[] = [];
  let cursor: string | null = null;
  do {
    const page: { items: T[]; next: string | null } = await request(path, { ...options, query: { ...options.query, cursor } });
    items.push(...page.items);
    cursor = page.next;
  } while (cursor !== null && items.length < maxItems);
  return items;
}

/** Return the sentence for an error; null where the request was cancelled because the user left the page. */
export function errorText(error: unknown): string | null {
  if (error instanceof DOMException && error.name === "AbortError") return null;
  if (error instanceof ApiError) return error.message;
  // A part of the page could not be loaded.
  if (error instanceof TypeError && /import|fetch|module/i.test(error.message)) return translate("error_unreachable");
  return translate("error_unexpected", { text: error instanceof Error ? error.message : String(error) });
}

export function urlOf(path: string, query: RequestOptions["query"] = {}): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === null || value === undefined) continue;
    for (const item of Array.isArray(value) ? value : [value]) search.append(name, String(item));
  }
  return search.size === 0 ? path : `${path}${path.includes("?") ? "&" : "?"}${search}`;
}

async function readProblem(response: Response): Promise<ApiError> {
  let problem: Partial<Problem> = {};
  try {
    problem = (await response.json()) as Partial<Problem>;
  } catch {
    // Not a problem document: the status has to do.
  }
  const kind = problem.type?.startsWith(PROBLEM_PREFIX) ? problem.type.slice(PROBLEM_PREFIX.length) : "";
  // The API answers in the language that was asked for where it has the sentence; else it is English.
  const answered = response.headers.get("Content-Language") ?? "en";
  const local = answered.slice(0, 2) === currentLanguage().slice(0, 2);
  return new ApiError(
    response.status,
    kind,
    problemText(response, kind, problem.detail || problem.title || "", local),
    problem as Record<string, unknown>,
    local,
  );
}

// Where the API has no sentence in the language of the page, there is a general one by status.
function problemText(response: Response, kind: string, detail: string, local: boolean): string {
  const { status } = response;
  if (status === 401) return kind !== "no-key" && local && detail !== "" ? detail : translate("error_session_ended");
  if (status === 412) return translate("error_modified");
  const known = local && detail !== "" ? detail : undefined;
  if (status === 429 || status === 503) {
    const retryS = response.headers.get("Retry-After");
    return [known ?? translate("error_busy"), retryS === null ? "" : translate("error_retry_after", { seconds: retryS })]
      .filter(Boolean)
      .join(" ");
  }
  if (status >= 500) return translate("error_server", { status });
  if (status === 403) return known ?? translate("error_forbidden");
  if (status === 404) return known ?? translate("error_not_found");
  return known ?? translate("error_rejected", { status });
}

function notifyReachability(reachable: boolean): void {
  for (const listener of [...listeners]) listener(reachable);
}
