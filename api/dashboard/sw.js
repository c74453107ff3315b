// Service worker: the page opens without a network, with the last answers of the station, each marked with the time it was received.
// `vite.config.ts` puts the names of the built files in. Nothing here asks another host.

const VERSION = "8c48877c963d";
const FILES = ["/dashboard/assets/accounts-B830hzlU.js", "/dashboard/assets/against_applied-Bgsqc0w1.js", "/dashboard/assets/alarms-_WbCLS9d.js", "/dashboard/assets/band_text-_6OiuJww.js", "/dashboard/assets/base-CU2Y3TX_.js", "/dashboard/assets/chart-B6j8N6OL.js", "/dashboard/assets/chart-CnsZ1jie.css", "/dashboard/assets/choice-B2nDFS82.js", "/dashboard/assets/chosen_note-BOq2zYHu.js", "/dashboard/assets/cooperative-CGIEtFX5.js", "/dashboard/assets/cooperative-CzyZkEiV.js", "/dashboard/assets/date_range-D4FW8RNb.js", "/dashboard/assets/deliveries-DetLuuCX.js", "/dashboard/assets/dist-BsbcV6pe.js", "/dashboard/assets/draw_tool-6TQBryUa.js", "/dashboard/assets/drawn_prescription-Dwbdb12o.js", "/dashboard/assets/drawn_zones_model-BLVlTDUI.js", "/dashboard/assets/drop_file-BYHKTxLz.js", "/dashboard/assets/duty-C_eP9WgB.css", "/dashboard/assets/duty-pM_ny37I.js", "/dashboard/assets/esm-Xkf8mv-x.js", "/dashboard/assets/farm_map-CY6Sc00g.js", "/dashboard/assets/field-B5UY7mts.css", "/dashboard/assets/field-CuBlf9GG.js", "/dashboard/assets/field-wXSRdhTt.js", "/dashboard/assets/field_map-CLM6467_.js", "/dashboard/assets/field_weather-6ZP26PvI.js", "/dashboard/assets/field_work-0IXGpill.js", "/dashboard/assets/fields-Cpgvm-8f.js", "/dashboard/assets/file_button-Bw2WcCaW.css", "/dashboard/assets/file_button-CQ4zVAhz.js", "/dashboard/assets/file_button-Dy1dgyXz.js", "/dashboard/assets/files-CintiA_Z.js", "/dashboard/assets/first-DJ3TVqTz.css", "/dashboard/assets/first-DxJEArH6.js", "/dashboard/assets/form-DUsYEcJt.js", "/dashboard/assets/greenhouse-B33ORxDC.js", "/dashboard/assets/greenhouse-DhTpH97h.css", "/dashboard/assets/greenhouse-aCfTWW50.js", "/dashboard/assets/grid_map-C_fbqORS.js", "/dashboard/assets/harvest-C5EfgCIG.js", "/dashboard/assets/harvest_import-DcdoFp5E.js", "/dashboard/assets/health-CLXJ5MxC.js", "/dashboard/assets/health-JeCAJVgZ.js", "/dashboard/assets/house_tabs-TmIkI_4V.js", "/dashboard/assets/imports_panel-Bc_UzQ_o.css", "/dashboard/assets/imports_panel-DhYvNIhu.js", "/dashboard/assets/index-z-JSVl_P.js", "/dashboard/assets/interval_mark-DRrekP8-.js", "/dashboard/assets/kept_records-vf33CfpV.js", "/dashboard/assets/layout_map-DoqMRVvq.js", "/dashboard/assets/map-BXC8rbrE.css", "/dashboard/assets/map-CuLP0dZ0.js", "/dashboard/assets/maplibre-gl-worker-CZtFQQIV.mjs", "/dashboard/assets/money-D1pVfg8H.js", "/dashboard/assets/note_form-DkCfs4xm.js", "/dashboard/assets/note_list-BHHWyQTR.js", "/dashboard/assets/notes-B2TpFBPd.css", "/dashboard/assets/notes-ByyiRR6O.js", "/dashboard/assets/notes_panel-0gQH1B4o.js", "/dashboard/assets/one_rate_prescription-CCgL1Gir.js", "/dashboard/assets/outline_model-BW3O9c9Z.js", "/dashboard/assets/own-BNycVr8Y.js", "/dashboard/assets/own-Dl8BHkVg.js", "/dashboard/assets/people-iPPngIPm.js", "/dashboard/assets/person_data-CyAqtQo8.js", "/dashboard/assets/person_data-DAyAeX3W.js", "/dashboard/assets/person_form-BkG2Etkb.js", "/dashboard/assets/person_form-C9OngrVd.js", "/dashboard/assets/person_record-CFv625Ac.js", "/dashboard/assets/points_prescription-B87yyPF_.js", "/dashboard/assets/prescription_fields-GqCvwkZ1.js", "/dashboard/assets/push-V4JZfbhv.js", "/dashboard/assets/recall-Bx3bpN5C.js", "/dashboard/assets/records-BM3Gnb-I.js", "/dashboard/assets/records-DvVag5y3.js", "/dashboard/assets/records-DzL5Ap2_.js", "/dashboard/assets/report_links-Db9yDzwQ.js", "/dashboard/assets/season_period-sBnzqGC6.js", "/dashboard/assets/set_active-rdSNLd1y.js", "/dashboard/assets/settings-DK381ppa.js", "/dashboard/assets/settings-DxVZcFdA.js", "/dashboard/assets/settings-aoM-nqTc.css", "/dashboard/assets/stability-D41q8lHZ.js", "/dashboard/assets/style--P5ktQ2A.css", "/dashboard/assets/subject_notes-q1pDHolf.js", "/dashboard/assets/table_import-COEx29Ur.js", "/dashboard/assets/tabs-3FieA6aj.js", "/dashboard/assets/tapped_place-YtupS8A3.js", "/dashboard/assets/treatments_panel-DN-jghqY.js", "/dashboard/assets/treatments_panel-uk0pwB25.js", "/dashboard/assets/trial_form-4iqr6bWi.js", "/dashboard/assets/trials_panel-DIMjNUgA.css", "/dashboard/assets/trials_panel-fx8dYR9x.js", "/dashboard/assets/weather_panel-BniOjES6.css", "/dashboard/assets/weather_panel-BqUXLmdq.js", "/dashboard/assets/wind_mark-DkfNmucE.js", "/dashboard/assets/yield_panel-D-PL5Edh.css", "/dashboard/assets/yield_panel-DdMHizl9.js", "/dashboard/assets/yields-BlVoUsXn.js", "/dashboard/assets/zone_colours-DpYhANvD.js", "/dashboard/assets/zone_key-a1HvBGJK.js", "/dashboard/headland.svg", "/dashboard/icon-192.png", "/dashboard/icon-512.png", "/dashboard/icon-maskable-512.png", "/dashboard/manifest.webmanifest"];
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
