// Service worker: the page opens without a network, with the last answers of the station, each marked with the time it was received.
// `vite.config.ts` puts the names of the built files in. Nothing here asks another host.

const VERSION = "2def689f5c97";
const FILES = ["/dashboard/assets/accounts-CO1lRnjX.js", "/dashboard/assets/against_applied-DuQovywk.js", "/dashboard/assets/alarms-1LyUgLv9.js", "/dashboard/assets/base-hyAvnI2n.js", "/dashboard/assets/chart-CnsZ1jie.css", "/dashboard/assets/chart-DppNt6MY.js", "/dashboard/assets/choice-B2nDFS82.js", "/dashboard/assets/choice-DxqrgSBp.js", "/dashboard/assets/chosen_note-CvAsAAFE.js", "/dashboard/assets/cooperative-BwVSRUw3.js", "/dashboard/assets/cooperative-DHbvq7hh.js", "/dashboard/assets/date_range-BjN1McZf.js", "/dashboard/assets/delete_record-B32tY_xG.js", "/dashboard/assets/deliveries-DllLr2p0.js", "/dashboard/assets/dist-BsbcV6pe.js", "/dashboard/assets/draw_tool-B518rWWt.js", "/dashboard/assets/drawn_prescription-BS_PIuI2.js", "/dashboard/assets/drawn_zones_model-C_VpK001.js", "/dashboard/assets/drop_file-VV5nZOPV.js", "/dashboard/assets/duty-C_eP9WgB.css", "/dashboard/assets/duty-DrrwY33r.js", "/dashboard/assets/esm-Xkf8mv-x.js", "/dashboard/assets/facts-BBapLolq.js", "/dashboard/assets/farm_map-BcwHgaAH.js", "/dashboard/assets/field-B5UY7mts.css", "/dashboard/assets/field-CxVicvU3.js", "/dashboard/assets/field-EE_rSL52.js", "/dashboard/assets/field_map-CQkaSLMZ.js", "/dashboard/assets/field_weather-BBvOV9-U.js", "/dashboard/assets/field_work-wN_tJIHG.js", "/dashboard/assets/fields-Czecmtk3.js", "/dashboard/assets/file_button-B-d4fJcM.js", "/dashboard/assets/file_button-Bw2WcCaW.css", "/dashboard/assets/file_button-BwCGaVwU.js", "/dashboard/assets/files-D-4W1xbY.js", "/dashboard/assets/first-DJ3TVqTz.css", "/dashboard/assets/first-DpfjF6Dq.js", "/dashboard/assets/forecast_basis-BmYbE-t8.js", "/dashboard/assets/form-CoHplQ4S.js", "/dashboard/assets/gateway_rules-D1vDMIWs.js", "/dashboard/assets/greenhouse-CTJ_XzHR.js", "/dashboard/assets/greenhouse-DhTpH97h.css", "/dashboard/assets/greenhouse-ju5IhWxT.js", "/dashboard/assets/grid_map-Cy_QwXZ1.js", "/dashboard/assets/harvest-D98Dvw0r.js", "/dashboard/assets/harvest_import-CRDZedUX.js", "/dashboard/assets/health-BwXIPBTz.js", "/dashboard/assets/health-p2vOzIVE.js", "/dashboard/assets/house_tabs-CTDQfrHn.js", "/dashboard/assets/imports_panel-Bc_UzQ_o.css", "/dashboard/assets/imports_panel-mCohI3Mo.js", "/dashboard/assets/index-B8s-FDuC.js", "/dashboard/assets/interval_mark-M_wm6YCg.js", "/dashboard/assets/kept_records-BW8ie8zM.js", "/dashboard/assets/layout_map-DS-8_d9N.js", "/dashboard/assets/map-BXC8rbrE.css", "/dashboard/assets/map-DQCIWcP7.js", "/dashboard/assets/maplibre-gl-worker-CZtFQQIV.mjs", "/dashboard/assets/money-CrO3OPVk.js", "/dashboard/assets/note_form-0hV-GJqZ.js", "/dashboard/assets/note_list-CI77WdbG.js", "/dashboard/assets/notes-B2TpFBPd.css", "/dashboard/assets/notes-D-MfZMNt.js", "/dashboard/assets/notes_panel-Cuh1ESRb.js", "/dashboard/assets/one_rate_prescription-DpWT1HwA.js", "/dashboard/assets/outline_model-Bo8iHSQ9.js", "/dashboard/assets/own-CJcF9kkm.js", "/dashboard/assets/own-DLHYdZRJ.js", "/dashboard/assets/people-D4YiYmpT.js", "/dashboard/assets/person_data-BV53oxLx.js", "/dashboard/assets/person_data-CyX-sEjP.js", "/dashboard/assets/person_form-CFIPYD_m.js", "/dashboard/assets/person_form-FvJNfWa8.js", "/dashboard/assets/person_record-HkSwQveo.js", "/dashboard/assets/points_prescription-B8lyVDrD.js", "/dashboard/assets/prescription_fields-D3vDE_kP.js", "/dashboard/assets/push-DDTBq8C-.js", "/dashboard/assets/recall-Bz1SnDSs.js", "/dashboard/assets/records-BXUdZ7iV.js", "/dashboard/assets/records-BniX7HJh.js", "/dashboard/assets/records-CvIVg4-5.js", "/dashboard/assets/report_links-DQTPwelZ.js", "/dashboard/assets/season_period-tQBvFUfH.js", "/dashboard/assets/set_active-CTtdhw_m.js", "/dashboard/assets/settings-CFQ577lq.js", "/dashboard/assets/settings-Dhn-qTZB.js", "/dashboard/assets/settings-aoM-nqTc.css", "/dashboard/assets/stability-DaIflmzD.js", "/dashboard/assets/style--P5ktQ2A.css", "/dashboard/assets/subject_notes-BS4-2fJ1.js", "/dashboard/assets/table_import-D07nCzt-.js", "/dashboard/assets/tabs-ClYHhrH5.js", "/dashboard/assets/tapped_place-rSjfXdOA.js", "/dashboard/assets/treatments_panel-DGU8ALQS.js", "/dashboard/assets/treatments_panel-QJ5xbiAW.js", "/dashboard/assets/trial_form-BkDAmg_6.js", "/dashboard/assets/trials_panel-CW0CZX2J.js", "/dashboard/assets/trials_panel-DIMjNUgA.css", "/dashboard/assets/weather_panel-BniOjES6.css", "/dashboard/assets/weather_panel-qBN54Z37.js", "/dashboard/assets/wind_mark-EOtFYXHv.js", "/dashboard/assets/yield_panel-BY_yhQ-Y.js", "/dashboard/assets/yield_panel-D-PL5Edh.css", "/dashboard/assets/yields--2NIxAWF.js", "/dashboard/assets/zone_colours-BGghYyOX.js", "/dashboard/assets/zone_key-M5uoajWo.js", "/dashboard/headland.svg", "/dashboard/icon-192.png", "/dashboard/icon-512.png", "/dashboard/icon-maskable-512.png", "/dashboard/manifest.webmanifest"];
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
