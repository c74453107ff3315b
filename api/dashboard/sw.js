// Service worker: the page opens without a network, with the last answers of the station, each marked with the time it was received.
// `vite.config.ts` puts the names of the built files in. Nothing here asks another host.

const VERSION = "c172f7737608";
const FILES = ["/dashboard/assets/accounts-BqALEIYb.js", "/dashboard/assets/against_applied-DLRdJGr4.js", "/dashboard/assets/alarms-YaVC3J4r.js", "/dashboard/assets/asked_button-DjcEbZDJ.js", "/dashboard/assets/band_text-Wb-Wtq-f.js", "/dashboard/assets/base-DeebeQdI.js", "/dashboard/assets/chart-CCJptEke.js", "/dashboard/assets/chart-CnsZ1jie.css", "/dashboard/assets/cooperative-BlvPSQt6.js", "/dashboard/assets/cooperative-DGcvMi7Y.js", "/dashboard/assets/date_range-CMBj-8S5.js", "/dashboard/assets/deliveries-HRbFgMYG.js", "/dashboard/assets/dist-BsbcV6pe.js", "/dashboard/assets/draw_tool-BEJCMBhH.js", "/dashboard/assets/drawn_prescription-DvhO7TBY.js", "/dashboard/assets/drawn_zones_model-CwVUGjsB.js", "/dashboard/assets/drop_file-DmhvVTiw.js", "/dashboard/assets/duty-C_eP9WgB.css", "/dashboard/assets/duty-uX78Cfys.js", "/dashboard/assets/esm-Xkf8mv-x.js", "/dashboard/assets/farm_map-wLGikoZS.js", "/dashboard/assets/field-B5UY7mts.css", "/dashboard/assets/field-C_xJkrTD.js", "/dashboard/assets/field-DnCJj8f3.js", "/dashboard/assets/field_map-CwBlJyiY.js", "/dashboard/assets/field_weather-KenMwQVV.js", "/dashboard/assets/field_work-CUCXRV5r.js", "/dashboard/assets/fields-BGT_Bg49.js", "/dashboard/assets/file_button-Bw2WcCaW.css", "/dashboard/assets/file_button-Cbvi6qno.js", "/dashboard/assets/file_button-F2LVZ0gp.js", "/dashboard/assets/files-Ch3EQlJS.js", "/dashboard/assets/first-D5xi4S_i.js", "/dashboard/assets/first-DJ3TVqTz.css", "/dashboard/assets/form-CbT2TcLM.js", "/dashboard/assets/greenhouse-DhTpH97h.css", "/dashboard/assets/greenhouse-Dp6QSTxP.js", "/dashboard/assets/greenhouse-LWsKCOW8.js", "/dashboard/assets/grid_map-B_mwLTWw.js", "/dashboard/assets/harvest-BYAKfCE_.js", "/dashboard/assets/harvest_import-WHp1r_0_.js", "/dashboard/assets/health-k4XNj5M8.js", "/dashboard/assets/house_tabs-HWC3_OC2.js", "/dashboard/assets/imports_panel-Bc_UzQ_o.css", "/dashboard/assets/imports_panel-CTvqjyBI.js", "/dashboard/assets/index-q1NuWIBf.js", "/dashboard/assets/interval_mark-DhxoyzlP.js", "/dashboard/assets/layout_map-Bk8iLvga.js", "/dashboard/assets/map-BXC8rbrE.css", "/dashboard/assets/map-SxMQLmU6.js", "/dashboard/assets/maplibre-gl-worker-CZtFQQIV.mjs", "/dashboard/assets/money-BQbBBbz4.js", "/dashboard/assets/note_list-njWAcdQY.js", "/dashboard/assets/notes-B2TpFBPd.css", "/dashboard/assets/notes-BR4MwhV-.js", "/dashboard/assets/notes_panel-BiJs477A.js", "/dashboard/assets/one_rate_prescription-BsXKdE3O.js", "/dashboard/assets/outline_model-CRvkcJVa.js", "/dashboard/assets/person_form-4_JpJX7N.js", "/dashboard/assets/person_form-fDEN1e4I.js", "/dashboard/assets/person_record-Hug3vRkU.js", "/dashboard/assets/points_prescription-CbSoTyQv.js", "/dashboard/assets/prescription_fields-CO0adtr2.js", "/dashboard/assets/push-QWc2WFu4.js", "/dashboard/assets/recall-BLhWKlR4.js", "/dashboard/assets/records-B7eWyUHg.js", "/dashboard/assets/records-C-O2dW1q.js", "/dashboard/assets/records-udOKGmy9.js", "/dashboard/assets/report_links-D_oOLM4y.js", "/dashboard/assets/set_active-DjgE-h5F.js", "/dashboard/assets/settings-B2E1fICr.js", "/dashboard/assets/settings-CaDMsGOs.js", "/dashboard/assets/settings-aoM-nqTc.css", "/dashboard/assets/stability-v9vpnZZy.js", "/dashboard/assets/style-CvxIfvRq.css", "/dashboard/assets/subject_notes-DknEYmKK.js", "/dashboard/assets/table_import-vHpqVnLz.js", "/dashboard/assets/tabs-CoO-4h8X.js", "/dashboard/assets/tapped_place-DjWIxQz0.js", "/dashboard/assets/treatments_panel-D3H_cyws.js", "/dashboard/assets/treatments_panel-N7dBtwni.js", "/dashboard/assets/trial_form-CP_y9nXy.js", "/dashboard/assets/trials_panel-BpJiedoc.js", "/dashboard/assets/trials_panel-DIMjNUgA.css", "/dashboard/assets/weather_panel-BniOjES6.css", "/dashboard/assets/weather_panel-DBTwEP_o.js", "/dashboard/assets/wind_mark-Y8Y08PLi.js", "/dashboard/assets/yield_panel-CAsFuRZZ.js", "/dashboard/assets/yield_panel-D-PL5Edh.css", "/dashboard/assets/yields-CBgZIZTo.js", "/dashboard/assets/zone_colours-DKJzY2dm.js", "/dashboard/assets/zone_key-BE5wQb8e.js", "/dashboard/headland.svg", "/dashboard/icon-192.png", "/dashboard/icon-512.png", "/dashboard/icon-maskable-512.png", "/dashboard/manifest.webmanifest"];
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
