// Service worker: the page opens without a network, with the last answers of the station, each marked with the time it was received.
// `vite.config.ts` puts the names of the built files in. Nothing here asks another host.

const VERSION = "ebecd66903ef";
const FILES = ["/dashboard/assets/alarm_text-BXm8OpSX.js", "/dashboard/assets/alarms-nozCkExw.js", "/dashboard/assets/base-DDvfpyyQ.js", "/dashboard/assets/chart-CJVnvC_L.js", "/dashboard/assets/chart-CnsZ1jie.css", "/dashboard/assets/cooperative-DM88gAWq.js", "/dashboard/assets/date_range-BXaYgJb1.js", "/dashboard/assets/device_card-CIuM231Y.js", "/dashboard/assets/dist-BsbcV6pe.js", "/dashboard/assets/draw_tool-BEJCMBhH.js", "/dashboard/assets/drop_file-DMiZAmBJ.js", "/dashboard/assets/duty-C_eP9WgB.css", "/dashboard/assets/duty-D_KrlbDx.js", "/dashboard/assets/empty-DRSS27kU.js", "/dashboard/assets/esm-Xkf8mv-x.js", "/dashboard/assets/farm-DK-F90zY.js", "/dashboard/assets/farm_map-DXTvlhlN.js", "/dashboard/assets/field-CU4nRqKX.css", "/dashboard/assets/field-sh7KQot7.js", "/dashboard/assets/field_weather-DsKbIy2t.js", "/dashboard/assets/fields-Bhaos4Vk.js", "/dashboard/assets/file_button-DijH_v-o.js", "/dashboard/assets/files-D19yeGJT.js", "/dashboard/assets/greenhouse-CkRkpNAw.js", "/dashboard/assets/greenhouse-DK4L-P6I.js", "/dashboard/assets/greenhouse-DhTpH97h.css", "/dashboard/assets/harvest-C04g1FiH.js", "/dashboard/assets/health-BHcwYQru.js", "/dashboard/assets/health-Bc_UzQ_o.css", "/dashboard/assets/house_tabs-C-4_ViH0.js", "/dashboard/assets/index-Bu9r1usj.js", "/dashboard/assets/lazy-CITopKfH.js", "/dashboard/assets/maplibre-gl-worker-CZtFQQIV.mjs", "/dashboard/assets/note_list-D3uo0uls.js", "/dashboard/assets/notes-B2TpFBPd.css", "/dashboard/assets/notes-CYbyOO8m.js", "/dashboard/assets/notes_panel-y0X2hh3R.js", "/dashboard/assets/outline_model-CRvkcJVa.js", "/dashboard/assets/preload-helper-C5GJq4j-.js", "/dashboard/assets/progress-CMh0vLd5.js", "/dashboard/assets/records-CINev_uv.js", "/dashboard/assets/report_links-BMKR6d5G.js", "/dashboard/assets/settings-DtjYQ2QV.js", "/dashboard/assets/settings-kdl25xR1.js", "/dashboard/assets/style-D4tyisLK.css", "/dashboard/assets/subject_notes-U1XueUkr.js", "/dashboard/assets/table-DYZX6vuR.js", "/dashboard/assets/tabs-Bs49Yydw.js", "/dashboard/assets/trails-DmKgqmE-.css", "/dashboard/assets/trails-VnjSr462.js", "/dashboard/assets/treatments_panel-C3Y3Tb7d.js", "/dashboard/assets/treatments_panel-DcnUoCaD.js", "/dashboard/assets/value_tile-2dy5QvlR.js", "/dashboard/assets/weather_panel-BniOjES6.css", "/dashboard/assets/weather_panel-uZBZ9i-7.js", "/dashboard/headland.svg", "/dashboard/icon-192.png", "/dashboard/icon-512.png", "/dashboard/icon-maskable-512.png", "/dashboard/manifest.webmanifest"];
const PAGE_CACHE = `headland-page-${VERSION}`;
const ANSWER_CACHE = "headland-answers";
/** When an answer of the cache was received, epoch ms. */
const RECEIVED = "X-Headland-Received";
const MAX_ANSWERS = 400;
const MAX_ANSWER_BYTES = 2_000_000;
/** The same answer is stored again at most this often. */
const STORE_EVERY_MS = 5000;
const PAGE_WAIT_MS = 4000;
/** Streams, secrets and files that are downloaded. */
const NOT_KEPT = /^\/v1\/(live|keys|webhooks|export|quarantine)|\/(report|export|raw)\b/;
const storedMs = new Map();

self.addEventListener("install", (event) => {
  event.waitUntil(
    (async () => {
      const cache = await caches.open(PAGE_CACHE);
      await cache.addAll(["/", ...FILES].map((path) => new Request(path, { cache: "reload" })));
      await self.skipWaiting();
    })(),
  );
});

self.addEventListener("activate", (event) => {
  event.waitUntil(
    (async () => {
      for (const name of await caches.keys()) if (name.startsWith("headland-page-") && name !== PAGE_CACHE) await caches.delete(name);
      await self.clients.claim();
    })(),
  );
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== self.location.origin) return;
  if (request.mode === "navigate" && (url.pathname === "/" || url.pathname === "/dashboard")) event.respondWith(answerPage(request));
  else if (url.pathname.startsWith("/dashboard/")) event.respondWith(answerFile(request, url));
  else if (url.pathname.startsWith("/v1/") && !NOT_KEPT.test(url.pathname) && !acceptsFile(request)) event.respondWith(answerQuestion(event));
});

function acceptsFile(request) {
  return !(request.headers.get("Accept") ?? "").includes("json");
}

/** The newest page where the station answers soon, else the one that was stored. */
async function answerPage(request) {
  const stored = await caches.match("/", { cacheName: PAGE_CACHE });
  if (stored === undefined) return fetch(request);
  try {
    return await fetch(request, { signal: AbortSignal.timeout(PAGE_WAIT_MS) });
  } catch {
    return stored;
  }
}

async function answerFile(request, url) {
  const stored = await caches.match(url.pathname, { cacheName: PAGE_CACHE });
  return stored ?? fetch(request);
}

async function answerQuestion(event) {
  const { request } = event;
  // The cache of a language and of a user: it is emptied when the user signs out.
  const key = new Request(`${request.url}${request.url.includes("?") ? "&" : "?"}lang=${request.headers.get("Accept-Language") ?? ""}`);
  try {
    const answer = await fetch(request);
    if (answer.status === 200 && (answer.headers.get("Content-Type") ?? "").includes("json")) event.waitUntil(keep(key, answer.clone()));
    return answer;
  } catch (error) {
    if (request.signal.aborted) throw error;
    const stored = await caches.match(key, { cacheName: ANSWER_CACHE });
    if (stored === undefined) throw error;
    return stored;
  }
}

async function keep(key, answer) {
  const now = Date.now();
  if (now - (storedMs.get(key.url) ?? 0) < STORE_EVERY_MS) return;
  storedMs.set(key.url, now);
  const body = await answer.arrayBuffer();
  if (body.byteLength > MAX_ANSWER_BYTES) return;
  const headers = new Headers(answer.headers);
  headers.set(RECEIVED, String(now));
  const cache = await caches.open(ANSWER_CACHE);
  // Put again is put last: the first keys are the oldest.
  await cache.delete(key);
  await cache.put(key, new Response(body, { status: 200, headers }));
  if (storedMs.size % 50 === 0) {
    const keys = await cache.keys();
    for (const old of keys.slice(0, Math.max(0, keys.length - MAX_ANSWERS))) await cache.delete(old);
  }
}
