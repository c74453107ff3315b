// What was entered while the station was away: kept in the browser's database, and sent once when the station is reached.
// An entry is stored before it is sent, with its idempotency key, so that neither a closed page nor a lost answer loses or doubles it.

import { askAuthors } from "./authors";
import { signal } from "@preact/signals";
import { dateTimeText } from "../i18n/instants";
import { authorText, translate } from "../i18n/translate";
import { queries } from "./query";
import { ApiError, errorText, onReachability, requestResponse, type RequestOptions } from "./request";
import { currentSession } from "./session";
import { newKey } from "./idempotency";

export interface QueuedRequest {
  method: NonNullable<RequestOptions["method"]>;
  path: string;
  body?: unknown;
  ifMatch?: string;
  /** Photos that are sent first; the body then names them in `photos`. */
  photos?: readonly Blob[];
  /** What the entry is, for the list of what waits: "Note: opened the vents". */
  title: string;
}

export interface QueueEntry extends QueuedRequest {
  key: string;
  organisation: string;
  madeMs: number;
  /** Why the station refused it: it stays until the user sends it again or discards it. */
  refusal: string | null;
  /** Ids of the photos that the station has, in the order of `photos`. */
  photoIds?: readonly string[];
}

const DATABASE = "headland";
const STORE = "entries";
/** What waits is sent again after so long, later and later; soon again once something was sent. */
const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 10_000;
/** More than a day's work; beyond it an entry is refused and stays in its form. */
const MAX_ENTRIES = 500;
/** Photos of about a hundred notes: a phone gives a page some hundred megabytes. */
const MAX_PHOTO_BYTES = 100_000_000;
/** A photo over a weak connection. */
const PHOTO_TIMEOUT_MS = 90_000;
/** States of the station in which the same request may succeed later. */
const LATER = new Set([0, 401, 408, 429, 502, 503, 504]);

/** The entries of this user that wait, oldest first. */
export const waiting = signal<readonly QueueEntry[]>([]);

/** Entries whose form still waits for the answer, by key, with what ends when it has it. */
const underWay = new Map<string, Promise<void>>();
let sending: Promise<void> | null = null;
let opened: Promise<IDBDatabase> | null = null;

/**
 * Send a request, or keep it until the station is reached. Returns the answer, or "kept".
 * Throws `ApiError` where the station refuses it at once: it is then not kept, the form still has it.
 */
export async function sendOrKeep(request: QueuedRequest, key = newKey()): Promise<Response | "kept"> {
  const entry: QueueEntry = { ...request, key, organisation: organisation(), madeMs: Date.now(), refusal: null };
  if (waiting.value.length >= MAX_ENTRIES || !hasRoomFor(entry)) return send(entry);
  // Where the browser agrees, it does not clear what is kept to make room.
  if (entry.photos?.length) void navigator.storage?.persist?.().catch(() => false);
  const earlier = [...underWay.values()];
  let end = (): void => undefined;
  underWay.set(key, new Promise((resolve) => (end = resolve)));
  try {
    await put(entry);
    // What was entered before is sent before.
    await Promise.all(earlier);
    if (waiting.value.some(isDue)) await flush();
    const answer = await send(entry);
    await remove(key);
    return answer;
  } catch (error) {
    if (error instanceof ApiError && LATER.has(error.status)) return "kept";
    await remove(key);
    throw error;
  } finally {
    underWay.delete(key);
    end();
    planRetry();
  }
}

/** Whether an entry is to be sent by whoever sends what waits. */
function isDue({ key, refusal }: QueueEntry): boolean {
  return refusal === null && !underWay.has(key);
}

/** Send what waits, in order, until the station is away; entries that it refuses stay with the reason. */
export async function flush(): Promise<void> {
  clearTimeout(timer);
  timer = undefined;
  sending ??= (async () => {
    let isAnySent = false;
    for (const entry of await load()) {
      if (!isDue(entry)) continue;
      try {
        await send(entry);
        isAnySent = true;
        retryMs = FIRST_RETRY_MS;
        await remove(entry.key);
      } catch (error) {
        if (!(error instanceof ApiError) || LATER.has(error.status)) break;
        await put({ ...entry, refusal: await refusalText(error) });
      }
    }
    if (isAnySent) await queries.invalidateQueries();
  })().finally(() => {
    sending = null;
    planRetry();
  });
  return sending;
}

/** Send what waits, now that the station may be reached again. */
function sendNow(): void {
  retryMs = FIRST_RETRY_MS;
  void flush();
}

/** Send what waits later, where nobody plans to. */
function planRetry(): void {
  if (timer !== undefined || !waiting.value.some(isDue)) return;
  timer = setTimeout(() => {
    timer = undefined;
    if (currentSession() === undefined) planRetry();
    else void flush();
  }, retryMs);
  retryMs = Math.min(2 * retryMs, LONGEST_RETRY_MS);
}
let timer: ReturnType<typeof setTimeout> | undefined;
let retryMs = FIRST_RETRY_MS;

/** Send a refused entry again. */
export async function retry(key: string): Promise<void> {
  const entry = waiting.value.find((each) => each.key === key);
  // Photos whose note the station refused may be gone there: they are sent again, too.
  if (entry) await put({ ...entry, photoIds: [], refusal: null });
  await flush();
}

/** Delete an entry that was not sent. */
export async function discard(key: string): Promise<void> {
  await remove(key);
}

/** Load what waits and send it whenever the station answers. */
export async function startQueue(): Promise<void> {
  await load();
  if (started) return;
  started = true;
  let wasReachable = true;
  onReachability((reachable) => {
    if (reachable && !wasReachable && waiting.value.length > 0) sendNow();
    wasReachable = reachable;
  });
  addEventListener("online", sendNow);
  await flush();
}
let started = false;

function hasRoomFor(entry: QueueEntry): boolean {
  const photos = [...waiting.value, entry].flatMap((each) => each.photos ?? []);
  return photos.reduce((bytes, photo) => bytes + photo.size, 0) <= MAX_PHOTO_BYTES;
}

/** Why the station refused an entry; where somebody else was first, who that was. */
async function refusalText(error: ApiError): Promise<string | null> {
  const { acknowledged_by: by, acknowledged_ms: ms } = error.extra as { acknowledged_by?: string; acknowledged_ms?: number };
  if (error.kind !== "acknowledged-meanwhile" || by === undefined || ms === undefined) return errorText(error);
  await askAuthors([by]);
  return translate("kept_acknowledged_by", { by: authorText(by), when: dateTimeText(ms) });
}

/** Send the photos of an entry that the station does not have yet; each is noted at once, and not sent again. */
async function sendPhotos(entry: QueueEntry): Promise<QueueEntry> {
  let sent = entry;
  for (const photo of entry.photos?.slice(entry.photoIds?.length ?? 0) ?? []) {
    const answer = await requestResponse("/v1/photos", { method: "POST", body: photo, timeoutMs: PHOTO_TIMEOUT_MS });
    const { id } = (await answer.json()) as { id: string };
    sent = { ...sent, photoIds: [...(sent.photoIds ?? []), id] };
    if (waiting.value.some(({ key }) => key === entry.key)) await put(sent);
  }
  return sent;
}

async function send(given: QueueEntry): Promise<Response> {
  const entry = given.photos?.length ? await sendPhotos(given) : given;
  const body = entry.photoIds?.length ? { ...(entry.body as object), photos: entry.photoIds } : entry.body;
  const headers: Record<string, string> = { "Idempotency-Key": entry.key };
  if (entry.ifMatch !== undefined) headers["If-Match"] = entry.ifMatch;
  const options: RequestOptions = { method: entry.method, headers, ...(body === undefined ? {} : { body }) };
  try {
    return await requestResponse(entry.path, options);
  } catch (error) {
    // Its answer was lost, and the station does not have it any more: it is carried out.
    if (error instanceof ApiError && error.kind === "carried-out-already") return new Response(null, { status: 204 });
    throw error;
  }
}

function organisation(): string {
  return currentSession()?.organisation.handle ?? "";
}

async function load(): Promise<QueueEntry[]> {
  const all = await inStore<QueueEntry[]>("readonly", (store) => store.getAll() as IDBRequest<QueueEntry[]>);
  const mine = all.filter((entry) => entry.organisation === organisation()).sort((a, b) => a.madeMs - b.madeMs);
  waiting.value = mine;
  return mine;
}

async function put(entry: QueueEntry): Promise<void> {
  await inStore("readwrite", (store) => store.put(entry));
  await load();
}

async function remove(key: string): Promise<void> {
  await inStore("readwrite", (store) => store.delete(key));
  await load();
}

async function inStore<T>(mode: IDBTransactionMode, run: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> {
  opened ??= new Promise((resolve, reject) => {
    const open = indexedDB.open(DATABASE, 1);
    open.onupgradeneeded = () => open.result.createObjectStore(STORE, { keyPath: "key" });
    open.onsuccess = () => resolve(open.result);
    open.onerror = () => reject(open.error ?? new Error("IndexedDB"));
  });
  const database = await opened;
  return new Promise((resolve, reject) => {
    // On disk before it counts as kept.
    const transaction = database.transaction(STORE, mode, { durability: "strict" });
    const request = run(transaction.objectStore(STORE));
    transaction.oncomplete = () => resolve(request.result);
    transaction.onerror = () => reject(transaction.error ?? new Error("IndexedDB"));
    transaction.onabort = () => reject(transaction.error ?? new Error("IndexedDB"));
  });
}
