// Service worker: the page opens without a network, with the last answers of the station, each marked with the time it was received.
// `vite.config.ts` puts the names of the built files in. Nothing here asks another host.

const VERSION = "ed68661e688f";
const FILES = ["/dashboard/assets/accounts-DwIW4UNV.js", "/dashboard/assets/against_applied-Bc6Zqm6m.js", "/dashboard/assets/alarms-CbvSLxVg.js", "/dashboard/assets/band_text-BPUe5PWC.js", "/dashboard/assets/base-O_Rf6wjx.js", "/dashboard/assets/chart-CJQP3XMo.js", "/dashboard/assets/chart-CnsZ1jie.css", "/dashboard/assets/cooperative-MZZcUvTm.js", "/dashboard/assets/cooperative-TYRFNMph.js", "/dashboard/assets/date_range-CNmvUvJW.js", "/dashboard/assets/dist-BsbcV6pe.js", "/dashboard/assets/draw_tool-BEJCMBhH.js", "/dashboard/assets/drawn_prescription-DXrXAyXy.js", "/dashboard/assets/drop_file-D92Fe-KR.js", "/dashboard/assets/duty-C_eP9WgB.css", "/dashboard/assets/duty-D3ISKeQq.js", "/dashboard/assets/esm-Xkf8mv-x.js", "/dashboard/assets/farm-CMODfuqV.js", "/dashboard/assets/farm_map-DERgQEfE.js", "/dashboard/assets/field-B5UY7mts.css", "/dashboard/assets/field-YnNw6yOI.js", "/dashboard/assets/field-szMENukY.js", "/dashboard/assets/field_map-BS7tq6Rz.js", "/dashboard/assets/field_weather-3oZeU5sy.js", "/dashboard/assets/field_work-BY1OAMH3.js", "/dashboard/assets/fields-B1BpRR97.js", "/dashboard/assets/file_button-B5KJ3hBU.js", "/dashboard/assets/file_button-Bw2WcCaW.css", "/dashboard/assets/file_button-ClajtExq.js", "/dashboard/assets/files-C6Bqbqf1.js", "/dashboard/assets/first-9ljI08oS.js", "/dashboard/assets/first-DJ3TVqTz.css", "/dashboard/assets/form-AEyTxZ2p.js", "/dashboard/assets/greenhouse-Co6EGGrr.js", "/dashboard/assets/greenhouse-DIzwin4i.js", "/dashboard/assets/greenhouse-DhTpH97h.css", "/dashboard/assets/grid_map-DjfGp86f.js", "/dashboard/assets/harvest-Bq8tN5lF.js", "/dashboard/assets/harvest_import-CHWXu6nr.js", "/dashboard/assets/health-CzeuWmGv.js", "/dashboard/assets/house_tabs-CbTeZX4A.js", "/dashboard/assets/imports_panel-Bc_UzQ_o.css", "/dashboard/assets/imports_panel-DcZk2rR2.js", "/dashboard/assets/index-COAr9bAo.js", "/dashboard/assets/layout_map-Dw8dmR08.js", "/dashboard/assets/map-BW5f9-B6.js", "/dashboard/assets/map-BXC8rbrE.css", "/dashboard/assets/maplibre-gl-worker-CZtFQQIV.mjs", "/dashboard/assets/money-BHahlzwN.js", "/dashboard/assets/note_list-CGrqK-IN.js", "/dashboard/assets/notes-B2TpFBPd.css", "/dashboard/assets/notes-pkCExO5a.js", "/dashboard/assets/notes_panel-DS-6Lqc4.js", "/dashboard/assets/outline_model-CRvkcJVa.js", "/dashboard/assets/points_prescription-BbN-HknW.js", "/dashboard/assets/push-DEzGrUCm.js", "/dashboard/assets/recall-Cy5kN0nq.js", "/dashboard/assets/records-BGyIACHx.js", "/dashboard/assets/records-DAjmXhsZ.js", "/dashboard/assets/records-vhgEyzp7.js", "/dashboard/assets/report_links-CiSBOJsI.js", "/dashboard/assets/settings-CjxI5eRB.js", "/dashboard/assets/settings-Cvh3RmF_.js", "/dashboard/assets/settings-aoM-nqTc.css", "/dashboard/assets/stability-CTNfM0ta.js", "/dashboard/assets/style-DZ9QBwBf.css", "/dashboard/assets/subject_notes-CFjNBpTR.js", "/dashboard/assets/tabs-CqHnL7up.js", "/dashboard/assets/tapped_place-C7RxDZBY.js", "/dashboard/assets/treatments_panel-BPR6Xd_o.js", "/dashboard/assets/treatments_panel-Bb57TwXY.js", "/dashboard/assets/trial_form-B29GDbO_.js", "/dashboard/assets/trials_panel-CiI7hjr3.js", "/dashboard/assets/trials_panel-DIMjNUgA.css", "/dashboard/assets/weather_panel-BniOjES6.css", "/dashboard/assets/weather_panel-CrNMhB0s.js", "/dashboard/assets/wind_mark-o8oOmdYR.js", "/dashboard/assets/yield_panel-CzFBykh7.js", "/dashboard/assets/yield_panel-D-PL5Edh.css", "/dashboard/assets/yields-DviVBV__.js", "/dashboard/assets/zone_colours-HUlPKdbj.js", "/dashboard/assets/zone_key-BDDlI1Af.js", "/dashboard/headland.svg", "/dashboard/icon-192.png", "/dashboard/icon-512.png", "/dashboard/icon-maskable-512.png", "/dashboard/manifest.webmanifest"];
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

/** An alarm from the station: displayed in the language of the recipient, in place of an earlier one of the same rule. */
self.addEventListener("push", (event) => {
  let alarm = {};
  try {
    alarm = event.data?.json() ?? {};
  } catch {
    // Not of this station: a browser demands that something is displayed.
  }
  const options = {
    body: alarm.text ?? "",
    lang: alarm.language ?? "",
    icon: "/dashboard/icon-192.png",
    data: { address: "/#/alarms" },
    ...(alarm.tag ? { tag: `headland-${alarm.tag}`, renotify: true } : {}),
  };
  event.waitUntil(self.registration.showNotification(alarm.title ?? "Headland", options));
});

/** Opens the alarms: in a window of the page where there is one. */
self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(
    (async () => {
      const [window] = await clients.matchAll({ type: "window", includeUncontrolled: true });
      if (window === undefined) return clients.openWindow(event.notification.data.address);
      await window.focus();
      return window.navigate(event.notification.data.address);
    })(),
  );
});
