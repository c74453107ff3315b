// Service worker: the page opens without a network, with the last answers of the station, each marked with the time it was received.
// `vite.config.ts` puts the names of the built files in. Nothing here asks another host.

const VERSION = "56dbe0b5858f";
const FILES = ["/dashboard/assets/accounts-kZ6P4kNa.js", "/dashboard/assets/against_applied-C8DFQ2oj.js", "/dashboard/assets/alarms-3ON3BdaG.js", "/dashboard/assets/base-BFjmI2kV.js", "/dashboard/assets/chart-CnsZ1jie.css", "/dashboard/assets/chart-JvkDbzMv.js", "/dashboard/assets/chart_panel-CSeFKIDS.css", "/dashboard/assets/chart_panel-h-GPLpQ9.js", "/dashboard/assets/choice-B2nDFS82.js", "/dashboard/assets/choice-BiEPjpYF.js", "/dashboard/assets/chosen_note-Cn2t3-6h.js", "/dashboard/assets/cooperative-CNk5RE35.js", "/dashboard/assets/cooperative-DDI56KDW.js", "/dashboard/assets/coordinates_text-CzH_3DeT.js", "/dashboard/assets/date_range-Cufsk2A7.js", "/dashboard/assets/delete_record-Ct4tcAVx.js", "/dashboard/assets/deliveries-BVQhGlfJ.js", "/dashboard/assets/dist-BsbcV6pe.js", "/dashboard/assets/doubt_cards-B0W4JP0g.js", "/dashboard/assets/doubt_cards-pvOLyymh.js", "/dashboard/assets/draw_tool-Bjqy6S71.js", "/dashboard/assets/drawn_prescription-C_ENh8yn.js", "/dashboard/assets/drawn_zones_model-GE39rp4r.js", "/dashboard/assets/drop_file-B3aSxnTz.js", "/dashboard/assets/duty-C_eP9WgB.css", "/dashboard/assets/duty-DdYAtTyw.js", "/dashboard/assets/esm-Xkf8mv-x.js", "/dashboard/assets/facts-wWgBuJ7a.js", "/dashboard/assets/farm_map-CA62GO0w.js", "/dashboard/assets/field-B5UY7mts.css", "/dashboard/assets/field-Bwqa4B5z.js", "/dashboard/assets/field-DKfBLAj2.js", "/dashboard/assets/field_map-BcylPKHC.js", "/dashboard/assets/field_weather-CtOzj5-J.js", "/dashboard/assets/field_work-v-bmEPRv.js", "/dashboard/assets/fields-DtfgeS__.js", "/dashboard/assets/file_button-BFjsiTyu.js", "/dashboard/assets/file_button-Bw2WcCaW.css", "/dashboard/assets/file_button-C_K_DrJH.js", "/dashboard/assets/files-BbgL-0BG.js", "/dashboard/assets/first-CngD7liQ.js", "/dashboard/assets/first-DJ3TVqTz.css", "/dashboard/assets/forecast_basis-BfJNT5sy.js", "/dashboard/assets/forecast_providers-DpaU15ZS.js", "/dashboard/assets/forecast_source-BtQZGYbt.js", "/dashboard/assets/form-sA6UZN15.js", "/dashboard/assets/gateway_rules-BmgMzpkJ.js", "/dashboard/assets/greenhouse-BX8H5kXN.js", "/dashboard/assets/greenhouse-CMUGhjvZ.js", "/dashboard/assets/greenhouse-DhTpH97h.css", "/dashboard/assets/grid_map-NHFJQHvE.js", "/dashboard/assets/harvest-CSyeEE_E.js", "/dashboard/assets/harvest_import-ClxXlje2.js", "/dashboard/assets/health-CJfcCXhS.js", "/dashboard/assets/health-Ci2FGca8.js", "/dashboard/assets/house_answers-Djrh3Ek6.js", "/dashboard/assets/house_tabs-raAzF8VK.js", "/dashboard/assets/imports_panel-Bc_UzQ_o.css", "/dashboard/assets/imports_panel-Cr4WXO_s.js", "/dashboard/assets/index-C-sHn5-9.js", "/dashboard/assets/interval_mark-C8jEdvfq.js", "/dashboard/assets/kept_records-pnJccZAF.js", "/dashboard/assets/layout_map-BL57Pvql.js", "/dashboard/assets/map-U6gyun4G.js", "/dashboard/assets/map-vGQmxOwv.css", "/dashboard/assets/maplibre-gl-worker-CZtFQQIV.mjs", "/dashboard/assets/money-BLYAAOtb.js", "/dashboard/assets/next_hours-B0OGRk2u.js", "/dashboard/assets/note_form-BOQTV7LZ.js", "/dashboard/assets/note_list-BX9-O-D9.js", "/dashboard/assets/notes-B2TpFBPd.css", "/dashboard/assets/notes-jFDgqVGN.js", "/dashboard/assets/notes_panel-BIrGIvKB.js", "/dashboard/assets/number_choice-C0BO-aVY.js", "/dashboard/assets/one_rate_prescription-CH1vXi-O.js", "/dashboard/assets/outline_model-Bb-H5HCt.js", "/dashboard/assets/own-C56TjtWy.js", "/dashboard/assets/own-DtUiPcWE.js", "/dashboard/assets/people-BYgyVpf3.js", "/dashboard/assets/person_data-BrBgka9R.js", "/dashboard/assets/person_data-CDApJKJN.js", "/dashboard/assets/person_form-BlSjmvsp.js", "/dashboard/assets/person_form-BzoX7yER.js", "/dashboard/assets/person_record-CmZ2EaBH.js", "/dashboard/assets/points_prescription-CnxI5jTj.js", "/dashboard/assets/prescription_fields-B1O6jbJC.js", "/dashboard/assets/push-CzYa7geO.js", "/dashboard/assets/recall-DbpSGsth.js", "/dashboard/assets/records-Bs66EVDX.js", "/dashboard/assets/records-CWZdYFND.js", "/dashboard/assets/records-DJ4z3dOa.js", "/dashboard/assets/report_links-CDjuPQHH.js", "/dashboard/assets/season_period-CLKoFmEt.js", "/dashboard/assets/set_active-OpmHOLde.js", "/dashboard/assets/settings-D6oKqDBk.js", "/dashboard/assets/settings-D6p0cNjg.js", "/dashboard/assets/settings-aoM-nqTc.css", "/dashboard/assets/site_link-DviGD_27.js", "/dashboard/assets/stability-BJLINUe2.js", "/dashboard/assets/style-CjoeDvUX.css", "/dashboard/assets/subject_notes-CY3Z9OQb.js", "/dashboard/assets/table_import-CbcbTXFe.js", "/dashboard/assets/tabs-D5TWHh3d.js", "/dashboard/assets/tapped_place-xdyqOJsI.js", "/dashboard/assets/treatments_panel-CXQjw5Zw.js", "/dashboard/assets/treatments_panel-DWEKieBI.js", "/dashboard/assets/trial_form-BR6PnplP.js", "/dashboard/assets/trials_panel-DIMjNUgA.css", "/dashboard/assets/trials_panel-DJsQmXzP.js", "/dashboard/assets/water_panel-CDasty6Z.js", "/dashboard/assets/weather-DQunwUod.js", "/dashboard/assets/weather_panel-D6KvlHNj.js", "/dashboard/assets/wind_mark-DIku3QDC.js", "/dashboard/assets/yield_panel-CXF4RR3U.js", "/dashboard/assets/yield_panel-D-PL5Edh.css", "/dashboard/assets/yields-DJ4kmydi.js", "/dashboard/assets/zone_colours-BIVInbje.js", "/dashboard/assets/zone_key-WOjb5fyS.js", "/dashboard/headland.svg", "/dashboard/icon-192.png", "/dashboard/icon-512.png", "/dashboard/icon-maskable-512.png", "/dashboard/manifest.webmanifest"];
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
