// Service worker: the page opens without a network, with the last answers of the station, each marked with the time it was received.
// `vite.config.ts` puts the names of the built files in. Nothing here asks another host.

const VERSION = "857700fecbcf";
const FILES = ["/dashboard/assets/accounts-C9kwbVas.js", "/dashboard/assets/against_applied-CBOu8GRp.js", "/dashboard/assets/alarms-B4zJRfO3.js", "/dashboard/assets/asked_button-i-X4_M06.js", "/dashboard/assets/band_text-Cva-VOlZ.js", "/dashboard/assets/base-B8CTYXJc.js", "/dashboard/assets/chart-BmTCRm3W.js", "/dashboard/assets/chart-CnsZ1jie.css", "/dashboard/assets/cooperative-Dcb-4lOS.js", "/dashboard/assets/cooperative-iRnGlJPR.js", "/dashboard/assets/date_range-CoY6ygzP.js", "/dashboard/assets/deliveries-D8PVkc2j.js", "/dashboard/assets/dist-BsbcV6pe.js", "/dashboard/assets/draw_tool-BEJCMBhH.js", "/dashboard/assets/drawn_prescription-BecXfOha.js", "/dashboard/assets/drawn_zones_model-CwVUGjsB.js", "/dashboard/assets/drop_file-Ci7KyuK4.js", "/dashboard/assets/duty-C_eP9WgB.css", "/dashboard/assets/duty-DAZoez9i.js", "/dashboard/assets/esm-Xkf8mv-x.js", "/dashboard/assets/farm_map-Cd9tllfO.js", "/dashboard/assets/field-0Qwg4GoW.js", "/dashboard/assets/field-B5UY7mts.css", "/dashboard/assets/field-De55EJrc.js", "/dashboard/assets/field_map-C7fGWr8b.js", "/dashboard/assets/field_weather-C6IOohlH.js", "/dashboard/assets/field_work-BIjYoVcd.js", "/dashboard/assets/fields-DVHsAjYk.js", "/dashboard/assets/file_button-Bw2WcCaW.css", "/dashboard/assets/file_button-iixjZwLS.js", "/dashboard/assets/file_button-onD7iZiH.js", "/dashboard/assets/files-DEwvSUeE.js", "/dashboard/assets/first-B4coFR6l.js", "/dashboard/assets/first-DJ3TVqTz.css", "/dashboard/assets/form-CLW9XWCx.js", "/dashboard/assets/greenhouse-CUPOnLsI.js", "/dashboard/assets/greenhouse-DUUiUtPY.js", "/dashboard/assets/greenhouse-DhTpH97h.css", "/dashboard/assets/grid_map-BYjdcrMZ.js", "/dashboard/assets/harvest-ptez3cVV.js", "/dashboard/assets/harvest_import-fDbF-U9k.js", "/dashboard/assets/health-B7ZZ_TyW.js", "/dashboard/assets/house_tabs-c_L0a0Ma.js", "/dashboard/assets/imports_panel-Bc_UzQ_o.css", "/dashboard/assets/imports_panel-C37TW1Ps.js", "/dashboard/assets/index-DyQYJkrF.js", "/dashboard/assets/layout_map-hO0LsnWM.js", "/dashboard/assets/map-BXC8rbrE.css", "/dashboard/assets/map-COh24HmH.js", "/dashboard/assets/maplibre-gl-worker-CZtFQQIV.mjs", "/dashboard/assets/money-DuravmoQ.js", "/dashboard/assets/note_list-BeVCL5Hz.js", "/dashboard/assets/notes-B2TpFBPd.css", "/dashboard/assets/notes-CGYnje1g.js", "/dashboard/assets/notes_panel-DGKU7Ac2.js", "/dashboard/assets/one_rate_prescription-DHL5gOlt.js", "/dashboard/assets/outline_model-CRvkcJVa.js", "/dashboard/assets/person_form-DnjIko-c.js", "/dashboard/assets/person_form-YOFNu4tP.js", "/dashboard/assets/person_record-Bd3EOrRX.js", "/dashboard/assets/points_prescription-B1_0abCv.js", "/dashboard/assets/prescription_fields-Ch1ohYaj.js", "/dashboard/assets/push-KCt5DW0S.js", "/dashboard/assets/recall-CxtbNTg_.js", "/dashboard/assets/records-CABxVeVH.js", "/dashboard/assets/records-D3j1QdGM.js", "/dashboard/assets/records-DmwDS_Pw.js", "/dashboard/assets/report_links-Bf39DIFM.js", "/dashboard/assets/set_active-HHYvF8U4.js", "/dashboard/assets/settings-BHkckLGN.js", "/dashboard/assets/settings-CRSaCdiM.js", "/dashboard/assets/settings-aoM-nqTc.css", "/dashboard/assets/stability-CxAEW-Gz.js", "/dashboard/assets/style-CvxIfvRq.css", "/dashboard/assets/subject_notes-TX_NJaKe.js", "/dashboard/assets/table_import-DVc8rqVl.js", "/dashboard/assets/tabs-kp_G4Yyj.js", "/dashboard/assets/tapped_place-BjauFmT7.js", "/dashboard/assets/treatments_panel-CtshmDFe.js", "/dashboard/assets/treatments_panel-DE-HdWM7.js", "/dashboard/assets/trial_form-D_nYHvaX.js", "/dashboard/assets/trials_panel-DIMjNUgA.css", "/dashboard/assets/trials_panel-xrZ7suG9.js", "/dashboard/assets/weather_panel-BniOjES6.css", "/dashboard/assets/weather_panel-DTyOlopp.js", "/dashboard/assets/wind_mark-BEwSukuh.js", "/dashboard/assets/yield_panel-D-PL5Edh.css", "/dashboard/assets/yield_panel-DfU0dHTI.js", "/dashboard/assets/yields-BBdEgfrU.js", "/dashboard/assets/zone_colours-8n1b9afz.js", "/dashboard/assets/zone_key-CUWKq1gH.js", "/dashboard/headland.svg", "/dashboard/icon-192.png", "/dashboard/icon-512.png", "/dashboard/icon-maskable-512.png", "/dashboard/manifest.webmanifest"];
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
