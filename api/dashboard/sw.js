// Service worker: the page opens without a network, with the last answers of the station, each marked with the time it was received.
// `vite.config.ts` puts the names of the built files in. Nothing here asks another host.

const VERSION = "14745cf5cfc6";
const FILES = ["/dashboard/assets/accounts-z4Fh2s6M.js", "/dashboard/assets/against_applied-DqOnyu5U.js", "/dashboard/assets/alarms-B9qSfjKk.js", "/dashboard/assets/asked_button-Cl_jaThq.js", "/dashboard/assets/band_text-BkIp1maE.js", "/dashboard/assets/base-G0OD4mmG.js", "/dashboard/assets/chart-CnsZ1jie.css", "/dashboard/assets/chart-DQLt3YrW.js", "/dashboard/assets/cooperative-HfXT6Bp7.js", "/dashboard/assets/cooperative-ffDqaNAZ.js", "/dashboard/assets/date_range-uRfY--Cq.js", "/dashboard/assets/deliveries-rQZJjhZn.js", "/dashboard/assets/dist-BsbcV6pe.js", "/dashboard/assets/draw_tool-BEJCMBhH.js", "/dashboard/assets/drawn_prescription-DIGNzG27.js", "/dashboard/assets/drawn_zones_model-CwVUGjsB.js", "/dashboard/assets/drop_file-jNQRfzyo.js", "/dashboard/assets/duty-C_eP9WgB.css", "/dashboard/assets/duty-k4MYrzCI.js", "/dashboard/assets/esm-Xkf8mv-x.js", "/dashboard/assets/farm_map-GWDHc9xH.js", "/dashboard/assets/field-B5UY7mts.css", "/dashboard/assets/field-DK3avj0O.js", "/dashboard/assets/field-Y8EPBxtr.js", "/dashboard/assets/field_map-BTjC87g1.js", "/dashboard/assets/field_weather-DQbXPDFJ.js", "/dashboard/assets/field_work-ByOIhWV9.js", "/dashboard/assets/fields-n8G8zn2F.js", "/dashboard/assets/file_button-BP5Z7G_h.js", "/dashboard/assets/file_button-Bw2WcCaW.css", "/dashboard/assets/file_button-DNrSg85o.js", "/dashboard/assets/files-DVzTVye9.js", "/dashboard/assets/first-C0E3GOCI.js", "/dashboard/assets/first-DJ3TVqTz.css", "/dashboard/assets/form-Cl-Clk0J.js", "/dashboard/assets/greenhouse-D24ztx0h.js", "/dashboard/assets/greenhouse-DhTpH97h.css", "/dashboard/assets/greenhouse-pw-SmHJl.js", "/dashboard/assets/grid_map-BNJNvwqJ.js", "/dashboard/assets/harvest-C83kvP9f.js", "/dashboard/assets/harvest_import-Bq4hMAUx.js", "/dashboard/assets/health-COvG4erq.js", "/dashboard/assets/house_tabs-BK7nyPxu.js", "/dashboard/assets/imports_panel-Bc_UzQ_o.css", "/dashboard/assets/imports_panel-zduY5RpC.js", "/dashboard/assets/index-C-dNM1Uo.js", "/dashboard/assets/interval_mark-aekYq7wU.js", "/dashboard/assets/layout_map-z2ngZLkf.js", "/dashboard/assets/map-BXC8rbrE.css", "/dashboard/assets/map-DOROfHqO.js", "/dashboard/assets/maplibre-gl-worker-CZtFQQIV.mjs", "/dashboard/assets/money-B6NeI1va.js", "/dashboard/assets/note_list-u9lmIOne.js", "/dashboard/assets/notes-B2TpFBPd.css", "/dashboard/assets/notes-BqbroEyG.js", "/dashboard/assets/notes_panel-B4jdM4ht.js", "/dashboard/assets/one_rate_prescription-NziAW305.js", "/dashboard/assets/outline_model-CRvkcJVa.js", "/dashboard/assets/person_form-CBI1ptKw.js", "/dashboard/assets/person_form-DEQXMlyS.js", "/dashboard/assets/person_record-bgsJITc3.js", "/dashboard/assets/points_prescription-DBtTWTFq.js", "/dashboard/assets/prescription_fields-C6A-nDBD.js", "/dashboard/assets/push-Du05nNQ_.js", "/dashboard/assets/recall-DBoYjz4D.js", "/dashboard/assets/records-CEarRIJH.js", "/dashboard/assets/records-DqCgEeCN.js", "/dashboard/assets/records-VLCrjLoN.js", "/dashboard/assets/report_links-DmE9SwMC.js", "/dashboard/assets/set_active-C8_o3hJS.js", "/dashboard/assets/settings-CC91NABH.js", "/dashboard/assets/settings-DK2TRSMr.js", "/dashboard/assets/settings-aoM-nqTc.css", "/dashboard/assets/stability-C68e_4b9.js", "/dashboard/assets/style-CvxIfvRq.css", "/dashboard/assets/subject_notes-DUywQgtT.js", "/dashboard/assets/table_import-CEn6daEG.js", "/dashboard/assets/tabs-Bw0N2jqC.js", "/dashboard/assets/tapped_place-Dgy9Etz7.js", "/dashboard/assets/treatments_panel-BeiFDrrI.js", "/dashboard/assets/treatments_panel-D91EuZTq.js", "/dashboard/assets/trial_form-BzA1TJAl.js", "/dashboard/assets/trials_panel-DIMjNUgA.css", "/dashboard/assets/trials_panel-_Ch9L-o3.js", "/dashboard/assets/weather_panel-BniOjES6.css", "/dashboard/assets/weather_panel-CXRxHLsv.js", "/dashboard/assets/wind_mark-BrsBqs37.js", "/dashboard/assets/yield_panel-D-PL5Edh.css", "/dashboard/assets/yield_panel-DgLVgaVK.js", "/dashboard/assets/yields-DGynzP44.js", "/dashboard/assets/zone_colours-Dlp3nLqa.js", "/dashboard/assets/zone_key-B0-z9mFi.js", "/dashboard/headland.svg", "/dashboard/icon-192.png", "/dashboard/icon-512.png", "/dashboard/icon-maskable-512.png", "/dashboard/manifest.webmanifest"];
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
