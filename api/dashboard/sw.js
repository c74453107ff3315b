// Service worker: the page opens without a network, with the last answers of the station, each marked with the time it was received.
// `vite.config.ts` puts the names of the built files in. Nothing here asks another host.

const VERSION = "370f387c422b";
const FILES = ["/dashboard/assets/accounts-DX9e_fpo.js", "/dashboard/assets/against_applied-uugK2_7d.js", "/dashboard/assets/alarms-Y4hEWQei.js", "/dashboard/assets/band_text-a6o3FeLb.js", "/dashboard/assets/base-xBFrMqcG.js", "/dashboard/assets/chart-CnsZ1jie.css", "/dashboard/assets/chart-D43V70gj.js", "/dashboard/assets/choice-B2nDFS82.js", "/dashboard/assets/chosen_note-CowRhbRf.js", "/dashboard/assets/cooperative-D276HyqT.js", "/dashboard/assets/cooperative-Dpm1AEyt.js", "/dashboard/assets/date_range-DkTi-JgR.js", "/dashboard/assets/deliveries-BPDWY42K.js", "/dashboard/assets/dist-BsbcV6pe.js", "/dashboard/assets/draw_tool-BEJCMBhH.js", "/dashboard/assets/drawn_prescription-BAO1kzPB.js", "/dashboard/assets/drawn_zones_model-CwVUGjsB.js", "/dashboard/assets/drop_file-Dck8lSBc.js", "/dashboard/assets/duty-C_eP9WgB.css", "/dashboard/assets/duty-mJVe-aRE.js", "/dashboard/assets/esm-Xkf8mv-x.js", "/dashboard/assets/farm_map-Dp5AGHl0.js", "/dashboard/assets/field-B5UY7mts.css", "/dashboard/assets/field-BiDUNWin.js", "/dashboard/assets/field-D7B_3RRS.js", "/dashboard/assets/field_map-CX05QWzQ.js", "/dashboard/assets/field_weather-DDhTlU8p.js", "/dashboard/assets/field_work-qGX8DH7Z.js", "/dashboard/assets/fields-BbZx446R.js", "/dashboard/assets/file_button-BMMO8MO4.js", "/dashboard/assets/file_button-Bw2WcCaW.css", "/dashboard/assets/file_button-DhjJ_O1C.js", "/dashboard/assets/files-CXYtGjZ8.js", "/dashboard/assets/first-DJ3TVqTz.css", "/dashboard/assets/first-DfBhZ85_.js", "/dashboard/assets/form-DJ_Ai3vJ.js", "/dashboard/assets/greenhouse-BjRbvQIV.js", "/dashboard/assets/greenhouse-BqVZ2WqC.js", "/dashboard/assets/greenhouse-DhTpH97h.css", "/dashboard/assets/grid_map-q1yzJwOO.js", "/dashboard/assets/harvest-ylHqrxR-.js", "/dashboard/assets/harvest_import-B3hy13bO.js", "/dashboard/assets/health-D5waGncW.js", "/dashboard/assets/house_tabs-DM5sFsMc.js", "/dashboard/assets/imports_panel-Bc_UzQ_o.css", "/dashboard/assets/imports_panel-Dj9Dfo3b.js", "/dashboard/assets/index-B53_ymjX.js", "/dashboard/assets/interval_mark-CzmWyB_B.js", "/dashboard/assets/layout_map-Qpxe1SWB.js", "/dashboard/assets/map-B1c7TnHH.js", "/dashboard/assets/map-BXC8rbrE.css", "/dashboard/assets/maplibre-gl-worker-CZtFQQIV.mjs", "/dashboard/assets/money-C-C95zHg.js", "/dashboard/assets/note_form-DTybVw_X.js", "/dashboard/assets/note_list-PCN5RyI1.js", "/dashboard/assets/notes-B2TpFBPd.css", "/dashboard/assets/notes-M0lt5FIB.js", "/dashboard/assets/notes_panel-BKUZa56R.js", "/dashboard/assets/one_rate_prescription--CCPUOY-.js", "/dashboard/assets/outline_model-CRvkcJVa.js", "/dashboard/assets/person_form-CQohS2UL.js", "/dashboard/assets/person_form-DKBjtVEs.js", "/dashboard/assets/person_record-DBD7XGRY.js", "/dashboard/assets/points_prescription-CUJxlhdu.js", "/dashboard/assets/prescription_fields-B82iOQg_.js", "/dashboard/assets/push-Co0Dtddx.js", "/dashboard/assets/recall-BRKwRGjY.js", "/dashboard/assets/records-Bokd0UrK.js", "/dashboard/assets/records-C6vF_pFh.js", "/dashboard/assets/records-CKDk9GKU.js", "/dashboard/assets/report_links-Bh1I1jvb.js", "/dashboard/assets/set_active-DhTYJeKi.js", "/dashboard/assets/settings-4uxpYisU.js", "/dashboard/assets/settings-BwPUBoMA.js", "/dashboard/assets/settings-aoM-nqTc.css", "/dashboard/assets/stability-BB7CZgV-.js", "/dashboard/assets/style-al9bOVF6.css", "/dashboard/assets/subject_notes-BbxMNVgF.js", "/dashboard/assets/table_import-CW1EzLgk.js", "/dashboard/assets/tabs-gyW7deBL.js", "/dashboard/assets/tapped_place-CD8Ygqfg.js", "/dashboard/assets/treatments_panel-D3i7wa0z.js", "/dashboard/assets/treatments_panel-YEm1kW_I.js", "/dashboard/assets/trial_form-Dtwf7R5p.js", "/dashboard/assets/trials_panel-DCP7NCSZ.js", "/dashboard/assets/trials_panel-DIMjNUgA.css", "/dashboard/assets/weather_panel-BniOjES6.css", "/dashboard/assets/weather_panel-DPNbMfvH.js", "/dashboard/assets/wind_mark-B0EqMnn1.js", "/dashboard/assets/yield_panel-7SgawDHW.js", "/dashboard/assets/yield_panel-D-PL5Edh.css", "/dashboard/assets/yields-Cu7DpAJA.js", "/dashboard/assets/zone_colours-CUNzbzT5.js", "/dashboard/assets/zone_key-BtZtQKgP.js", "/dashboard/headland.svg", "/dashboard/icon-192.png", "/dashboard/icon-512.png", "/dashboard/icon-maskable-512.png", "/dashboard/manifest.webmanifest"];
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
