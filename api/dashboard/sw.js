// Service worker: the page opens without a network, with the last answers of the station, each marked with the time it was received.
// `vite.config.ts` puts the names of the built files in. Nothing here asks another host.

const VERSION = "e9694a2695ba";
const FILES = ["/dashboard/assets/accounts-MCHp4tnB.js", "/dashboard/assets/against_applied-DLVlsnMr.js", "/dashboard/assets/alarms-CLx3xk5o.js", "/dashboard/assets/asked_button-Dy2cJt4L.js", "/dashboard/assets/band_text-Djo9Cz93.js", "/dashboard/assets/base-B0R8Ai4T.js", "/dashboard/assets/chart-CnsZ1jie.css", "/dashboard/assets/chart-XJyrH2IO.js", "/dashboard/assets/cooperative-BrMpV6zc.js", "/dashboard/assets/cooperative-Cwjw8OCU.js", "/dashboard/assets/date_range-CKqtuOMF.js", "/dashboard/assets/deliveries-4trvylRK.js", "/dashboard/assets/dist-BsbcV6pe.js", "/dashboard/assets/draw_tool-BEJCMBhH.js", "/dashboard/assets/drawn_prescription-BlDOExoW.js", "/dashboard/assets/drop_file-B0nDaE3q.js", "/dashboard/assets/duty-C3J638eM.js", "/dashboard/assets/duty-C_eP9WgB.css", "/dashboard/assets/esm-Xkf8mv-x.js", "/dashboard/assets/farm_map-91G_vEbx.js", "/dashboard/assets/field-B5UY7mts.css", "/dashboard/assets/field-BjBr0HUy.js", "/dashboard/assets/field-URQ1e2_P.js", "/dashboard/assets/field_map-CoXKOuyk.js", "/dashboard/assets/field_weather-CWcTg6r0.js", "/dashboard/assets/field_work-Dzbp-Pv7.js", "/dashboard/assets/fields-BoF0quk6.js", "/dashboard/assets/file_button-Bw2WcCaW.css", "/dashboard/assets/file_button-CWV_yllw.js", "/dashboard/assets/file_button-Dg3ypCGL.js", "/dashboard/assets/files-pSjI06ls.js", "/dashboard/assets/first-CEmCGdRb.js", "/dashboard/assets/first-DJ3TVqTz.css", "/dashboard/assets/form-zCQom3tL.js", "/dashboard/assets/formats_worker-Bq-nxzja.js", "/dashboard/assets/greenhouse-B08G74yX.js", "/dashboard/assets/greenhouse-BAbrqP6b.js", "/dashboard/assets/greenhouse-DhTpH97h.css", "/dashboard/assets/grid_map-PjNgRIXg.js", "/dashboard/assets/harvest-G2rMor6J.js", "/dashboard/assets/harvest_import-Dw95ltUp.js", "/dashboard/assets/health-DD-T5Pjs.js", "/dashboard/assets/house_tabs-CmVEghja.js", "/dashboard/assets/imports_panel-Bc_UzQ_o.css", "/dashboard/assets/imports_panel-Ci119arm.js", "/dashboard/assets/index-CXgdd-7k.js", "/dashboard/assets/layout_map-BW7y0cjT.js", "/dashboard/assets/map-BXC8rbrE.css", "/dashboard/assets/map-sNfcjTUC.js", "/dashboard/assets/maplibre-gl-worker-CZtFQQIV.mjs", "/dashboard/assets/money-B2cIC8n3.js", "/dashboard/assets/note_list-BfarTiZt.js", "/dashboard/assets/notes-B2TpFBPd.css", "/dashboard/assets/notes-BIPdVZPy.js", "/dashboard/assets/notes_panel-D6ThDyWm.js", "/dashboard/assets/outline_model-CRvkcJVa.js", "/dashboard/assets/person_form-DF97zBZ7.js", "/dashboard/assets/person_form-EHccyidl.js", "/dashboard/assets/person_record-sZdsLPfw.js", "/dashboard/assets/points_prescription-DztmopIK.js", "/dashboard/assets/push-F5_1q-Re.js", "/dashboard/assets/recall-b1J3adCX.js", "/dashboard/assets/records-BIOa0vWD.js", "/dashboard/assets/records-Bx2th1Wc.js", "/dashboard/assets/records-CnM_MQoZ.js", "/dashboard/assets/report_links-B75SEY5y.js", "/dashboard/assets/set_active-HtAfZB2a.js", "/dashboard/assets/settings-CLpNk80w.js", "/dashboard/assets/settings-aoM-nqTc.css", "/dashboard/assets/settings-jnJaTxD2.js", "/dashboard/assets/stability-0pjg-2nq.js", "/dashboard/assets/style-C5gFF8pS.css", "/dashboard/assets/subject_notes-CWFmpaZc.js", "/dashboard/assets/table_import-Bk6kYXKA.js", "/dashboard/assets/tabs-BbvaXGJ3.js", "/dashboard/assets/tapped_place-DK98Ipk7.js", "/dashboard/assets/treatments_panel-ZsDaIk6q.js", "/dashboard/assets/treatments_panel-jl1AuPmc.js", "/dashboard/assets/trial_form-C4LHiG-9.js", "/dashboard/assets/trials_panel-DFkrpc5F.js", "/dashboard/assets/trials_panel-DIMjNUgA.css", "/dashboard/assets/weather_panel-BniOjES6.css", "/dashboard/assets/weather_panel-CJ671ASu.js", "/dashboard/assets/wind_mark-DadpexUu.js", "/dashboard/assets/yield_panel-BTjXfDnr.js", "/dashboard/assets/yield_panel-D-PL5Edh.css", "/dashboard/assets/yields-CNSUGIHq.js", "/dashboard/assets/zone_colours-j_q9E-qQ.js", "/dashboard/assets/zone_key-C8EVA6SI.js", "/dashboard/headland.svg", "/dashboard/icon-192.png", "/dashboard/icon-512.png", "/dashboard/icon-maskable-512.png", "/dashboard/manifest.webmanifest"];
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
