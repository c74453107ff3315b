// Service worker: the page opens without a network, with the last answers of the station, each marked with the time it was received.
// `vite.config.ts` puts the names of the built files in. Nothing here asks another host.

const VERSION = "bb3f752fb83e";
const FILES = ["/dashboard/assets/accounts-hKfUBFPX.js", "/dashboard/assets/against_applied-s6O4Ba5D.js", "/dashboard/assets/alarms-DYrNZOAc.js", "/dashboard/assets/asked_button-CTrdgegv.js", "/dashboard/assets/band_text-BmwEbLFH.js", "/dashboard/assets/base-BqQZtJj9.js", "/dashboard/assets/chart-CnsZ1jie.css", "/dashboard/assets/chart-DZYkYiNA.js", "/dashboard/assets/cooperative-B6h_mBJ_.js", "/dashboard/assets/cooperative-DbJwA1AS.js", "/dashboard/assets/date_range-DP4572mi.js", "/dashboard/assets/deliveries-BpNYmv5A.js", "/dashboard/assets/dist-BsbcV6pe.js", "/dashboard/assets/draw_tool-BEJCMBhH.js", "/dashboard/assets/drawn_prescription-B_CBqMVg.js", "/dashboard/assets/drop_file-fY7pJt_z.js", "/dashboard/assets/duty-C_eP9WgB.css", "/dashboard/assets/duty-DgrkhWLC.js", "/dashboard/assets/esm-Xkf8mv-x.js", "/dashboard/assets/farm_map-HMRJRGKD.js", "/dashboard/assets/field-B5UY7mts.css", "/dashboard/assets/field-DAQypvBw.js", "/dashboard/assets/field-DBmrUU5H.js", "/dashboard/assets/field_map-qQha9FdK.js", "/dashboard/assets/field_weather-9RgwnFLP.js", "/dashboard/assets/field_work-DnmPQeqz.js", "/dashboard/assets/fields-CBa7SJc6.js", "/dashboard/assets/file_button-Bw2WcCaW.css", "/dashboard/assets/file_button-C8ErAGFA.js", "/dashboard/assets/file_button-CNyQX2cB.js", "/dashboard/assets/files--nLknSPb.js", "/dashboard/assets/first-D7iLm8it.js", "/dashboard/assets/first-DJ3TVqTz.css", "/dashboard/assets/form-Dr5OJy0p.js", "/dashboard/assets/greenhouse-BKKH-Wb3.js", "/dashboard/assets/greenhouse-CfOc-BBC.js", "/dashboard/assets/greenhouse-DhTpH97h.css", "/dashboard/assets/grid_map-B1RbZmrB.js", "/dashboard/assets/harvest-C1X8siKL.js", "/dashboard/assets/harvest_import-BGtZcgdX.js", "/dashboard/assets/health-B1y4XY0s.js", "/dashboard/assets/house_tabs-CutfEKMM.js", "/dashboard/assets/imports_panel-Bc_UzQ_o.css", "/dashboard/assets/imports_panel-SI8Ve6yw.js", "/dashboard/assets/index-BRpQPNX5.js", "/dashboard/assets/layout_map-CAtV9voc.js", "/dashboard/assets/map-BXC8rbrE.css", "/dashboard/assets/map-Bdtnwgq3.js", "/dashboard/assets/maplibre-gl-worker-CZtFQQIV.mjs", "/dashboard/assets/money-BM1Gfk9r.js", "/dashboard/assets/note_list-WkCixV_-.js", "/dashboard/assets/notes-B2TpFBPd.css", "/dashboard/assets/notes-T5aldyFt.js", "/dashboard/assets/notes_panel-w-cLRTkz.js", "/dashboard/assets/outline_model-CRvkcJVa.js", "/dashboard/assets/person_form-B3r2_F29.js", "/dashboard/assets/person_form-JMjdIHYs.js", "/dashboard/assets/person_record-oqR33wb5.js", "/dashboard/assets/points_prescription-C7desuVf.js", "/dashboard/assets/push-DeJvXAmf.js", "/dashboard/assets/recall-b9Gy7hrq.js", "/dashboard/assets/records-BECmajVk.js", "/dashboard/assets/records-BLdHVnSD.js", "/dashboard/assets/records-CaDXhbOU.js", "/dashboard/assets/report_links-Cx6cDNgv.js", "/dashboard/assets/set_active-CbZ_Jzv8.js", "/dashboard/assets/settings-BpaB8cQI.js", "/dashboard/assets/settings-DD5tOPX0.js", "/dashboard/assets/settings-aoM-nqTc.css", "/dashboard/assets/stability-DdX0AmAq.js", "/dashboard/assets/style-BSkv7z8b.css", "/dashboard/assets/subject_notes-snDNcaRg.js", "/dashboard/assets/table_import-BKE1R7Ry.js", "/dashboard/assets/tabs-DBXcEzcj.js", "/dashboard/assets/tapped_place-Dt-MO2rv.js", "/dashboard/assets/treatments_panel-BiQOVYRL.js", "/dashboard/assets/treatments_panel-BkGqpn7m.js", "/dashboard/assets/trial_form-CSpxbR_x.js", "/dashboard/assets/trials_panel-DIMjNUgA.css", "/dashboard/assets/trials_panel-DVYI1NWR.js", "/dashboard/assets/weather_panel-BniOjES6.css", "/dashboard/assets/weather_panel-DC3wd5_3.js", "/dashboard/assets/wind_mark-CZnQo9lf.js", "/dashboard/assets/yield_panel-D-PL5Edh.css", "/dashboard/assets/yield_panel-IlVQf07l.js", "/dashboard/assets/yields-DG7_L6er.js", "/dashboard/assets/zone_colours-B0daaHUh.js", "/dashboard/assets/zone_key-CGczg1FY.js", "/dashboard/headland.svg", "/dashboard/icon-192.png", "/dashboard/icon-512.png", "/dashboard/icon-maskable-512.png", "/dashboard/manifest.webmanifest"];
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
