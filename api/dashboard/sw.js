// Service worker: the page opens without a network, with the last answers of the station, each marked with the time it was received.
// `vite.config.ts` puts the names of the built files in. Nothing here asks another host.

const VERSION = "bfa821f8a975";
const FILES = ["/dashboard/assets/accounts-BblTysEj.js", "/dashboard/assets/against_applied-B7jBrn21.js", "/dashboard/assets/alarms-CJ7mTRvL.js", "/dashboard/assets/asked_button-DxKv_rdk.js", "/dashboard/assets/band_text-CnfRaD2T.js", "/dashboard/assets/base-CaHqq9PS.js", "/dashboard/assets/chart-CM1WRD2Y.js", "/dashboard/assets/chart-CnsZ1jie.css", "/dashboard/assets/cooperative-DtqxKagk.js", "/dashboard/assets/cooperative-gQgINIFg.js", "/dashboard/assets/date_range-5f3C3HTj.js", "/dashboard/assets/deliveries-ODpNbF8a.js", "/dashboard/assets/dist-BsbcV6pe.js", "/dashboard/assets/draw_tool-BEJCMBhH.js", "/dashboard/assets/drawn_prescription-Dyqvd8Hp.js", "/dashboard/assets/drop_file-CxJA3SWG.js", "/dashboard/assets/duty-C_eP9WgB.css", "/dashboard/assets/duty-F5jCARdf.js", "/dashboard/assets/esm-Xkf8mv-x.js", "/dashboard/assets/farm_map-oUSTRjH-.js", "/dashboard/assets/field-B5UY7mts.css", "/dashboard/assets/field-DVYYTjZ0.js", "/dashboard/assets/field-DqGPBt2I.js", "/dashboard/assets/field_map-Baf09rN3.js", "/dashboard/assets/field_weather-BXDMx5JN.js", "/dashboard/assets/field_work-DhT-bV0C.js", "/dashboard/assets/fields-BlRV7jlw.js", "/dashboard/assets/file_button-BHq1zXr2.js", "/dashboard/assets/file_button-Bw2WcCaW.css", "/dashboard/assets/file_button-Cjvq-Tsl.js", "/dashboard/assets/files-B35MMFrl.js", "/dashboard/assets/first-B9L7BdO_.js", "/dashboard/assets/first-DJ3TVqTz.css", "/dashboard/assets/form-7LYunNi0.js", "/dashboard/assets/greenhouse-CXP65bZq.js", "/dashboard/assets/greenhouse-DhTpH97h.css", "/dashboard/assets/greenhouse-ts0ylWMX.js", "/dashboard/assets/grid_map-DjD9-jqv.js", "/dashboard/assets/harvest-BYMIWAqD.js", "/dashboard/assets/harvest_import-DU68idbn.js", "/dashboard/assets/health-DvUhFnql.js", "/dashboard/assets/house_tabs-C9EiW_Y0.js", "/dashboard/assets/imports_panel-Bc_UzQ_o.css", "/dashboard/assets/imports_panel-BtB5Z0Ug.js", "/dashboard/assets/index-BlGQwpwb.js", "/dashboard/assets/layout_map-CwucqCx4.js", "/dashboard/assets/map-BXC8rbrE.css", "/dashboard/assets/map-DZnfkVQL.js", "/dashboard/assets/maplibre-gl-worker-CZtFQQIV.mjs", "/dashboard/assets/money-BCBFPLbw.js", "/dashboard/assets/note_list-pG5Mqk3x.js", "/dashboard/assets/notes-B2TpFBPd.css", "/dashboard/assets/notes-D5XjH4OD.js", "/dashboard/assets/notes_panel-CK_XodQ8.js", "/dashboard/assets/outline_model-CRvkcJVa.js", "/dashboard/assets/person_form-Bg88wxX8.js", "/dashboard/assets/person_form-HQZzrsJH.js", "/dashboard/assets/person_record-Cq-3SCeF.js", "/dashboard/assets/points_prescription-CFmhnXwb.js", "/dashboard/assets/push-2bSbMOWa.js", "/dashboard/assets/recall-M_jJanLT.js", "/dashboard/assets/records-CnmqPdn1.js", "/dashboard/assets/records-DgUY6L1A.js", "/dashboard/assets/records-SjGWZJ9X.js", "/dashboard/assets/report_links-DqdrYjiB.js", "/dashboard/assets/set_active-Ckc60E5G.js", "/dashboard/assets/settings-A2A_Pxp_.js", "/dashboard/assets/settings-CSzzkes5.js", "/dashboard/assets/settings-aoM-nqTc.css", "/dashboard/assets/stability-FSrCmDjj.js", "/dashboard/assets/style-BSkv7z8b.css", "/dashboard/assets/subject_notes--eJM8fGU.js", "/dashboard/assets/table_import-CCkyKsux.js", "/dashboard/assets/tabs-CQvHmKzE.js", "/dashboard/assets/tapped_place-DZjS1kBE.js", "/dashboard/assets/treatments_panel-BNa8jK43.js", "/dashboard/assets/treatments_panel-CVX3knl0.js", "/dashboard/assets/trial_form-etLvCvpV.js", "/dashboard/assets/trials_panel-CBYNkCVf.js", "/dashboard/assets/trials_panel-DIMjNUgA.css", "/dashboard/assets/weather_panel-BniOjES6.css", "/dashboard/assets/weather_panel-CgJw2pHE.js", "/dashboard/assets/wind_mark-DfGD9F5q.js", "/dashboard/assets/yield_panel-D-PL5Edh.css", "/dashboard/assets/yield_panel-DFdVVN3P.js", "/dashboard/assets/yields-DdwSAj3R.js", "/dashboard/assets/zone_colours-ome9cZmJ.js", "/dashboard/assets/zone_key-DVOX_SN4.js", "/dashboard/headland.svg", "/dashboard/icon-192.png", "/dashboard/icon-512.png", "/dashboard/icon-maskable-512.png", "/dashboard/manifest.webmanifest"];
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
