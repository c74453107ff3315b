// Service worker: the page opens without a network, with the last answers of the station, each marked with the time it was received.
// `vite.config.ts` puts the names of the built files in. Nothing here asks another host.

const VERSION = "4364a808bad3";
const FILES = ["/dashboard/assets/accounts-BeaTU1bp.js", "/dashboard/assets/against_applied-BUI6Lmp6.js", "/dashboard/assets/alarms-DaJZJXfQ.js", "/dashboard/assets/asked_button-Dsi5K7wb.js", "/dashboard/assets/band_text-B2s0DiWr.js", "/dashboard/assets/base-Cy0cGYWG.js", "/dashboard/assets/chart-CnsZ1jie.css", "/dashboard/assets/chart-DwVooa-E.js", "/dashboard/assets/cooperative-Bbdf7RYt.js", "/dashboard/assets/cooperative-C6OJuAWN.js", "/dashboard/assets/date_range-D-ruI1f4.js", "/dashboard/assets/deliveries-De9-DdNk.js", "/dashboard/assets/dist-BsbcV6pe.js", "/dashboard/assets/draw_tool-BEJCMBhH.js", "/dashboard/assets/drawn_prescription-CzF8BNPW.js", "/dashboard/assets/drop_file-BgCDfvvD.js", "/dashboard/assets/duty-C_eP9WgB.css", "/dashboard/assets/duty-CpMQW-N3.js", "/dashboard/assets/esm-Xkf8mv-x.js", "/dashboard/assets/farm_map-B3GyaABW.js", "/dashboard/assets/field-B5UY7mts.css", "/dashboard/assets/field-By5kGrCO.js", "/dashboard/assets/field-C2wpMnb8.js", "/dashboard/assets/field_map-iL6s2vSQ.js", "/dashboard/assets/field_weather-CR0G4YRM.js", "/dashboard/assets/field_work-DiZSXau8.js", "/dashboard/assets/fields-BalzYs2_.js", "/dashboard/assets/file_button-Bw2WcCaW.css", "/dashboard/assets/file_button-C5suLBmv.js", "/dashboard/assets/file_button-CkM2KqaJ.js", "/dashboard/assets/files-BbJPkOKV.js", "/dashboard/assets/first-BDjaXCWA.js", "/dashboard/assets/first-DJ3TVqTz.css", "/dashboard/assets/form-CAC6_jAs.js", "/dashboard/assets/greenhouse-65uRLQpd.js", "/dashboard/assets/greenhouse-DhTpH97h.css", "/dashboard/assets/greenhouse-DyT2d0A4.js", "/dashboard/assets/grid_map-BkIs9LQo.js", "/dashboard/assets/harvest-C-IrTdfT.js", "/dashboard/assets/harvest_import-s4DZzA_1.js", "/dashboard/assets/health-DAL9hiPd.js", "/dashboard/assets/house_tabs-fo3UPZ10.js", "/dashboard/assets/imports_panel-Bb4TUUI-.js", "/dashboard/assets/imports_panel-Bc_UzQ_o.css", "/dashboard/assets/index-BAzUHzWK.js", "/dashboard/assets/layout_map-BS0LXYV0.js", "/dashboard/assets/map-BXC8rbrE.css", "/dashboard/assets/map-L9zKvgS0.js", "/dashboard/assets/maplibre-gl-worker-CZtFQQIV.mjs", "/dashboard/assets/money-Bi5v45EJ.js", "/dashboard/assets/note_list-vGNCdk0B.js", "/dashboard/assets/notes-B2TpFBPd.css", "/dashboard/assets/notes-D1Fgl8Hc.js", "/dashboard/assets/notes_panel-BB5nca4j.js", "/dashboard/assets/outline_model-CRvkcJVa.js", "/dashboard/assets/person_form-CganvatV.js", "/dashboard/assets/person_form-YzDCKGPD.js", "/dashboard/assets/person_record-D8I7uy3v.js", "/dashboard/assets/points_prescription-DNt3370S.js", "/dashboard/assets/push-DBkkG0iG.js", "/dashboard/assets/recall-CjO3I72a.js", "/dashboard/assets/records-DCgyVEiD.js", "/dashboard/assets/records-Dwixee69.js", "/dashboard/assets/records-MMvrRxXd.js", "/dashboard/assets/report_links-C0R3BpLV.js", "/dashboard/assets/set_active-DlF6VcZd.js", "/dashboard/assets/settings-CsS40TJp.js", "/dashboard/assets/settings-aoM-nqTc.css", "/dashboard/assets/settings-nveVGbV8.js", "/dashboard/assets/stability-CV-STdJx.js", "/dashboard/assets/style-C5gFF8pS.css", "/dashboard/assets/subject_notes-zJrs54g7.js", "/dashboard/assets/table_import-BnQo08UK.js", "/dashboard/assets/tabs-Ch5eQ2G4.js", "/dashboard/assets/tapped_place-VJzSasBL.js", "/dashboard/assets/treatments_panel-BuXiho9D.js", "/dashboard/assets/treatments_panel-z-gYist9.js", "/dashboard/assets/trial_form-tBj0q2Jf.js", "/dashboard/assets/trials_panel-Ce0Nji-W.js", "/dashboard/assets/trials_panel-DIMjNUgA.css", "/dashboard/assets/weather_panel-BniOjES6.css", "/dashboard/assets/weather_panel-PXJtpd-8.js", "/dashboard/assets/wind_mark-uBgaeCh-.js", "/dashboard/assets/yield_panel-CP4csnK_.js", "/dashboard/assets/yield_panel-D-PL5Edh.css", "/dashboard/assets/yields-DFE-8rKm.js", "/dashboard/assets/zone_colours-BGp-z4sO.js", "/dashboard/assets/zone_key-CkExN5Sq.js", "/dashboard/headland.svg", "/dashboard/icon-192.png", "/dashboard/icon-512.png", "/dashboard/icon-maskable-512.png", "/dashboard/manifest.webmanifest"];
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
