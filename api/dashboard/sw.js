// Service worker: the page opens without a network, with the last answers of the station, each marked with the time it was received.
// `vite.config.ts` puts the names of the built files in. Nothing here asks another host.

const VERSION = "8d91ea8ce309";
const FILES = ["/dashboard/assets/accounts-BhkGqsfa.js", "/dashboard/assets/against_applied-BhYS5wZS.js", "/dashboard/assets/alarms-CELzXLzA.js", "/dashboard/assets/base-8DgkoKJj.js", "/dashboard/assets/chart-B4ki7dsd.js", "/dashboard/assets/chart-CnsZ1jie.css", "/dashboard/assets/chart_panel-CSeFKIDS.css", "/dashboard/assets/chart_panel-CbiiVgc7.js", "/dashboard/assets/choice-B2nDFS82.js", "/dashboard/assets/choice-D9u2TTfn.js", "/dashboard/assets/chosen_note-C8m7RzNa.js", "/dashboard/assets/cooperative-Ds6UF6ab.js", "/dashboard/assets/cooperative-_tq4pYnA.js", "/dashboard/assets/date_range-BYRMTcLV.js", "/dashboard/assets/delete_record-CsaA8jc7.js", "/dashboard/assets/deliveries-BGgwzsQb.js", "/dashboard/assets/dist-BsbcV6pe.js", "/dashboard/assets/doubt_cards-BTIWSQhK.js", "/dashboard/assets/doubt_cards-DUfkOAZt.js", "/dashboard/assets/draw_tool-CtxHzYLh.js", "/dashboard/assets/drawn_prescription-HzvlQmM8.js", "/dashboard/assets/drawn_zones_model-Ci8vq4Ux.js", "/dashboard/assets/drop_file-1UJhVgcs.js", "/dashboard/assets/duty-C_eP9WgB.css", "/dashboard/assets/duty-D8bzkhQd.js", "/dashboard/assets/esm-Xkf8mv-x.js", "/dashboard/assets/facts-C1sz05U_.js", "/dashboard/assets/farm_map-CxZYqy_q.js", "/dashboard/assets/field-B5UY7mts.css", "/dashboard/assets/field-B7oY-oDP.js", "/dashboard/assets/field-Rh6idOzR.js", "/dashboard/assets/field_map-C5jt57yy.js", "/dashboard/assets/field_weather-BSseIW0N.js", "/dashboard/assets/field_work-CFHYkqHC.js", "/dashboard/assets/fields-BjE_Op0q.js", "/dashboard/assets/file_button-Bw2WcCaW.css", "/dashboard/assets/file_button-CroXcDxl.js", "/dashboard/assets/file_button-CuQmmPsc.js", "/dashboard/assets/files-CaPdyeW5.js", "/dashboard/assets/first-CkvwKp3_.js", "/dashboard/assets/first-DJ3TVqTz.css", "/dashboard/assets/forecast_basis-Bam_Cu0n.js", "/dashboard/assets/forecast_providers-B6ECjy0Z.js", "/dashboard/assets/forecast_source-BVSeY74_.js", "/dashboard/assets/form-CbOUbIaA.js", "/dashboard/assets/gateway_rules-BIAIU0mc.js", "/dashboard/assets/greenhouse-DhTpH97h.css", "/dashboard/assets/greenhouse-cUqtPnU0.js", "/dashboard/assets/greenhouse-wrrCr-27.js", "/dashboard/assets/grid_map-BZ_lH-qe.js", "/dashboard/assets/harvest-C5dr-bSR.js", "/dashboard/assets/harvest_import-CeIwa-Se.js", "/dashboard/assets/health-BXKxsAMV.js", "/dashboard/assets/health-vajXKYke.js", "/dashboard/assets/house_answers-CEJ-ku8w.js", "/dashboard/assets/house_tabs-C_NbkoTK.js", "/dashboard/assets/imports_panel-Bc_UzQ_o.css", "/dashboard/assets/imports_panel-D6exCMrf.js", "/dashboard/assets/index-DFkQUWnk.js", "/dashboard/assets/interval_mark-Rtlgs2Sm.js", "/dashboard/assets/kept_records-okJFNLFV.js", "/dashboard/assets/layout_map-DeiWIA8G.js", "/dashboard/assets/map-BXC8rbrE.css", "/dashboard/assets/map-CTcfr1e0.js", "/dashboard/assets/maplibre-gl-worker-CZtFQQIV.mjs", "/dashboard/assets/money-CpUX3ygK.js", "/dashboard/assets/next_hours-CIhoNGWS.js", "/dashboard/assets/note_form-CZ_DHj9H.js", "/dashboard/assets/note_list-4KsIYPBt.js", "/dashboard/assets/notes-B2TpFBPd.css", "/dashboard/assets/notes-BvJOhOFR.js", "/dashboard/assets/notes_panel-CCDI2j3d.js", "/dashboard/assets/number_choice-BzkmJ66C.js", "/dashboard/assets/one_rate_prescription-BLmgBhvA.js", "/dashboard/assets/outline_model-Bd1q_Vz8.js", "/dashboard/assets/own-D4yo_IaA.js", "/dashboard/assets/own-DUJhRpsZ.js", "/dashboard/assets/people-DqXOgymk.js", "/dashboard/assets/person_data-DLYQIGoo.js", "/dashboard/assets/person_data-JJzMj8r0.js", "/dashboard/assets/person_form-C9f6Aw_R.js", "/dashboard/assets/person_form-Dq319eHW.js", "/dashboard/assets/person_record-r3frc0Xj.js", "/dashboard/assets/points_prescription-CmiwIEMW.js", "/dashboard/assets/prescription_fields-Du5UDNBB.js", "/dashboard/assets/push-DiOuNP52.js", "/dashboard/assets/recall-BNM8skQH.js", "/dashboard/assets/records-D2AbtmbF.js", "/dashboard/assets/records-DFADAxaE.js", "/dashboard/assets/records-NdurGjGF.js", "/dashboard/assets/report_links-BSfZFGoc.js", "/dashboard/assets/season_period-CJSLJhB5.js", "/dashboard/assets/set_active-3Xcm8NZJ.js", "/dashboard/assets/settings-BCian6ut.js", "/dashboard/assets/settings-D1361rn7.js", "/dashboard/assets/settings-aoM-nqTc.css", "/dashboard/assets/site_link-CrVt-QNl.js", "/dashboard/assets/stability-UwxEbeFO.js", "/dashboard/assets/style-CSRhcd3m.css", "/dashboard/assets/subject_notes-ChTBO1jm.js", "/dashboard/assets/table_import-BGjxPNwD.js", "/dashboard/assets/tabs-D1qnQ14M.js", "/dashboard/assets/tapped_place-Dwf-6Phk.js", "/dashboard/assets/treatments_panel-B17SgKed.js", "/dashboard/assets/treatments_panel-WiZaB2gn.js", "/dashboard/assets/trial_form-DnhG5KSY.js", "/dashboard/assets/trials_panel-B2bK_pHk.js", "/dashboard/assets/trials_panel-DIMjNUgA.css", "/dashboard/assets/water_panel-Cq8cEBpS.js", "/dashboard/assets/weather-DQLnvR2V.js", "/dashboard/assets/weather_panel-Dy8J6O3L.js", "/dashboard/assets/wind_mark-Dfu7qlT5.js", "/dashboard/assets/yield_panel-C6wZeAso.js", "/dashboard/assets/yield_panel-D-PL5Edh.css", "/dashboard/assets/yields-D9-8dNkR.js", "/dashboard/assets/zone_colours-CmXTiKsy.js", "/dashboard/assets/zone_key-D2kfvbAf.js", "/dashboard/headland.svg", "/dashboard/icon-192.png", "/dashboard/icon-512.png", "/dashboard/icon-maskable-512.png", "/dashboard/manifest.webmanifest"];
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
