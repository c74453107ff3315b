// Service worker: the page opens without a network, with the last answers of the station, each marked with the time it was received.
// `vite.config.ts` puts the names of the built files in. Nothing here asks another host.

const VERSION = "f420da6d0658";
const FILES = ["/dashboard/assets/accounts-CbpxoK8M.js", "/dashboard/assets/against_applied-BfmAnSp_.js", "/dashboard/assets/alarms-DxVEklGY.js", "/dashboard/assets/asked_button-DeqOeTqx.js", "/dashboard/assets/band_text-DtyiGzOS.js", "/dashboard/assets/base-BDFsDvNh.js", "/dashboard/assets/chart-CLbe1qho.js", "/dashboard/assets/chart-CnsZ1jie.css", "/dashboard/assets/cooperative-CHLLai5T.js", "/dashboard/assets/cooperative-xVvCsttv.js", "/dashboard/assets/date_range-DcoJwtwv.js", "/dashboard/assets/deliveries-BIgU24nV.js", "/dashboard/assets/dist-BsbcV6pe.js", "/dashboard/assets/draw_tool-BEJCMBhH.js", "/dashboard/assets/drawn_prescription-BbSGp2nS.js", "/dashboard/assets/drop_file-Cw60QfHF.js", "/dashboard/assets/duty-C_eP9WgB.css", "/dashboard/assets/duty-Dr7KNjhp.js", "/dashboard/assets/esm-Xkf8mv-x.js", "/dashboard/assets/farm_map-Cxdg_wgZ.js", "/dashboard/assets/field-B5UY7mts.css", "/dashboard/assets/field-Bt4ES28B.js", "/dashboard/assets/field-CKVsJY0y.js", "/dashboard/assets/field_map-BNRrI01q.js", "/dashboard/assets/field_weather-C_zARxX_.js", "/dashboard/assets/field_work-xrw5okur.js", "/dashboard/assets/fields-BVmmurWh.js", "/dashboard/assets/file_button-Bw2WcCaW.css", "/dashboard/assets/file_button-CdZpo67j.js", "/dashboard/assets/file_button-DqGq53qX.js", "/dashboard/assets/files-DKhIquyL.js", "/dashboard/assets/first-DJ3TVqTz.css", "/dashboard/assets/first-vf9JA7Ut.js", "/dashboard/assets/form-D13p0LjG.js", "/dashboard/assets/greenhouse-DPDG293q.js", "/dashboard/assets/greenhouse-DhTpH97h.css", "/dashboard/assets/greenhouse-NVHLOYx5.js", "/dashboard/assets/grid_map-DrXX22rO.js", "/dashboard/assets/harvest-DB_jGOVq.js", "/dashboard/assets/harvest_import-CLoXXi6W.js", "/dashboard/assets/health-DLFX-1te.js", "/dashboard/assets/house_tabs-DEEMHpYC.js", "/dashboard/assets/imports_panel-Bc_UzQ_o.css", "/dashboard/assets/imports_panel-C_0PHgLK.js", "/dashboard/assets/index-DXA0IwWS.js", "/dashboard/assets/layout_map-DHqklRNx.js", "/dashboard/assets/map--UVn0gPf.js", "/dashboard/assets/map-BXC8rbrE.css", "/dashboard/assets/maplibre-gl-worker-CZtFQQIV.mjs", "/dashboard/assets/money-C1a1Uel8.js", "/dashboard/assets/note_list-CgKZRcz2.js", "/dashboard/assets/notes-B2TpFBPd.css", "/dashboard/assets/notes-DBP5lvUE.js", "/dashboard/assets/notes_panel-1izHYSNs.js", "/dashboard/assets/outline_model-CRvkcJVa.js", "/dashboard/assets/person_form-BZV-k0q5.js", "/dashboard/assets/person_form-CtDTWMXj.js", "/dashboard/assets/person_record-CGnYI4ie.js", "/dashboard/assets/points_prescription-DJnOGx7b.js", "/dashboard/assets/push-CBe53_wb.js", "/dashboard/assets/recall-BnwC711Y.js", "/dashboard/assets/records-CbiqXe6a.js", "/dashboard/assets/records-Cw6gwuLG.js", "/dashboard/assets/records-DGGYgcf7.js", "/dashboard/assets/report_links-B2ePs0j4.js", "/dashboard/assets/set_active-DTJgpxV3.js", "/dashboard/assets/settings-BmWBc3jm.js", "/dashboard/assets/settings-CK9NeUql.js", "/dashboard/assets/settings-aoM-nqTc.css", "/dashboard/assets/stability-CpcNLyAA.js", "/dashboard/assets/style-C5gFF8pS.css", "/dashboard/assets/subject_notes-Dew0VCGq.js", "/dashboard/assets/table_import-D9Jqo_Y7.js", "/dashboard/assets/tabs-BpuArC5r.js", "/dashboard/assets/tapped_place-Bi7SnRl-.js", "/dashboard/assets/treatments_panel-6_C_nx1N.js", "/dashboard/assets/treatments_panel-BgOUpiuR.js", "/dashboard/assets/trial_form-BBjJmRC_.js", "/dashboard/assets/trials_panel-CRVE5fpT.js", "/dashboard/assets/trials_panel-DIMjNUgA.css", "/dashboard/assets/weather_panel-BniOjES6.css", "/dashboard/assets/weather_panel-CR03eMxo.js", "/dashboard/assets/wind_mark-P36xpTYg.js", "/dashboard/assets/yield_panel-9IDKxj62.js", "/dashboard/assets/yield_panel-D-PL5Edh.css", "/dashboard/assets/yields-DuRIpj3B.js", "/dashboard/assets/zone_colours-mTNfmixl.js", "/dashboard/assets/zone_key-DznwnhXx.js", "/dashboard/headland.svg", "/dashboard/icon-192.png", "/dashboard/icon-512.png", "/dashboard/icon-maskable-512.png", "/dashboard/manifest.webmanifest"];
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
