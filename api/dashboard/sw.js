// Service worker: the page opens without a network, with the last answers of the station, each marked with the time it was received.
// `vite.config.ts` puts the names of the built files in. Nothing here asks another host.

const VERSION = "c75cae1d6c23";
const FILES = ["/dashboard/assets/accounts-FJTUWj-q.js", "/dashboard/assets/against_applied-C8DFQ2oj.js", "/dashboard/assets/alarms-B121d54t.js", "/dashboard/assets/base-BFjmI2kV.js", "/dashboard/assets/chart-CnsZ1jie.css", "/dashboard/assets/chart-JvkDbzMv.js", "/dashboard/assets/chart_panel-CSeFKIDS.css", "/dashboard/assets/chart_panel-h-GPLpQ9.js", "/dashboard/assets/choice-B2nDFS82.js", "/dashboard/assets/choice-BiEPjpYF.js", "/dashboard/assets/chosen_note-BguFCSM-.js", "/dashboard/assets/cooperative-CrcwKE-N.js", "/dashboard/assets/cooperative-DDI56KDW.js", "/dashboard/assets/coordinates_text-CzH_3DeT.js", "/dashboard/assets/date_range-Cufsk2A7.js", "/dashboard/assets/delete_record-Ct4tcAVx.js", "/dashboard/assets/deliveries-Bw6Xzum2.js", "/dashboard/assets/dist-BsbcV6pe.js", "/dashboard/assets/doubt_cards-B0W4JP0g.js", "/dashboard/assets/doubt_cards-pvOLyymh.js", "/dashboard/assets/draw_tool-Bjqy6S71.js", "/dashboard/assets/drawn_prescription-DY86vzZc.js", "/dashboard/assets/drawn_zones_model-GE39rp4r.js", "/dashboard/assets/drop_file-B3aSxnTz.js", "/dashboard/assets/duty-C_eP9WgB.css", "/dashboard/assets/duty-cWe_P0fO.js", "/dashboard/assets/esm-Xkf8mv-x.js", "/dashboard/assets/facts-wWgBuJ7a.js", "/dashboard/assets/farm_map-FN23vTSe.js", "/dashboard/assets/field-B5UY7mts.css", "/dashboard/assets/field-Bwqa4B5z.js", "/dashboard/assets/field-MgnmEYc_.js", "/dashboard/assets/field_map-CUOoayHl.js", "/dashboard/assets/field_weather-DgyYD09R.js", "/dashboard/assets/field_work-v-bmEPRv.js", "/dashboard/assets/fields-DtfgeS__.js", "/dashboard/assets/file_button-Bw2WcCaW.css", "/dashboard/assets/file_button-C_K_DrJH.js", "/dashboard/assets/file_button-CxXICHXU.js", "/dashboard/assets/files-BbgL-0BG.js", "/dashboard/assets/first-CvmcHXqz.js", "/dashboard/assets/first-DJ3TVqTz.css", "/dashboard/assets/forecast_basis-BfJNT5sy.js", "/dashboard/assets/forecast_providers-DpaU15ZS.js", "/dashboard/assets/forecast_source-BtQZGYbt.js", "/dashboard/assets/form-sA6UZN15.js", "/dashboard/assets/gateway_rules-BQxsAMG9.js", "/dashboard/assets/greenhouse-92Eac6gc.js", "/dashboard/assets/greenhouse-BX8H5kXN.js", "/dashboard/assets/greenhouse-DhTpH97h.css", "/dashboard/assets/grid_map-BM1OX_8L.js", "/dashboard/assets/harvest-BfxVxjke.js", "/dashboard/assets/harvest_import-ClxXlje2.js", "/dashboard/assets/health-CJfcCXhS.js", "/dashboard/assets/health-CLa__whT.js", "/dashboard/assets/house_answers-Cave01mi.js", "/dashboard/assets/house_tabs-0YJyKTM4.js", "/dashboard/assets/imports_panel-Bc_UzQ_o.css", "/dashboard/assets/imports_panel-Cr4WXO_s.js", "/dashboard/assets/index-DoZGdG7y.js", "/dashboard/assets/interval_mark-C8jEdvfq.js", "/dashboard/assets/kept_records-pnJccZAF.js", "/dashboard/assets/layout_map-fqOdMKBG.js", "/dashboard/assets/map-BXC8rbrE.css", "/dashboard/assets/map-CmPv9VL7.js", "/dashboard/assets/maplibre-gl-worker-CZtFQQIV.mjs", "/dashboard/assets/money-BLYAAOtb.js", "/dashboard/assets/next_hours-DR2VNC6K.js", "/dashboard/assets/note_form-BOQTV7LZ.js", "/dashboard/assets/note_list-BX9-O-D9.js", "/dashboard/assets/notes-B2TpFBPd.css", "/dashboard/assets/notes-jFDgqVGN.js", "/dashboard/assets/notes_panel-BIrGIvKB.js", "/dashboard/assets/number_choice-C0BO-aVY.js", "/dashboard/assets/one_rate_prescription-CH1vXi-O.js", "/dashboard/assets/outline_model-Bb-H5HCt.js", "/dashboard/assets/own-CJ0tp95D.js", "/dashboard/assets/own-R0AZoRr-.js", "/dashboard/assets/people-BYgyVpf3.js", "/dashboard/assets/person_data-BrBgka9R.js", "/dashboard/assets/person_data-CDApJKJN.js", "/dashboard/assets/person_form-BlSjmvsp.js", "/dashboard/assets/person_form-BzoX7yER.js", "/dashboard/assets/person_record-CmZ2EaBH.js", "/dashboard/assets/points_prescription-CnxI5jTj.js", "/dashboard/assets/prescription_fields-B1O6jbJC.js", "/dashboard/assets/push-CzYa7geO.js", "/dashboard/assets/recall-BDS44Mb1.js", "/dashboard/assets/records-Bs66EVDX.js", "/dashboard/assets/records-BvESTXQp.js", "/dashboard/assets/records-DJ4z3dOa.js", "/dashboard/assets/report_links-DUsPWxWd.js", "/dashboard/assets/season_period-CLKoFmEt.js", "/dashboard/assets/set_active-OpmHOLde.js", "/dashboard/assets/settings-CluObsqk.js", "/dashboard/assets/settings-D6p0cNjg.js", "/dashboard/assets/settings-aoM-nqTc.css", "/dashboard/assets/site_link-DyyQO-Ce.js", "/dashboard/assets/stability-BHHNaEIl.js", "/dashboard/assets/style-CSRhcd3m.css", "/dashboard/assets/subject_notes-CY3Z9OQb.js", "/dashboard/assets/table_import-CbcbTXFe.js", "/dashboard/assets/tabs-8J0DzJaK.js", "/dashboard/assets/tapped_place-DwPPesZj.js", "/dashboard/assets/treatments_panel-BdyLFM_m.js", "/dashboard/assets/treatments_panel-DtR4JV6J.js", "/dashboard/assets/trial_form-C7CbM2VN.js", "/dashboard/assets/trials_panel-DIMjNUgA.css", "/dashboard/assets/trials_panel-DZLhQ8Ss.js", "/dashboard/assets/water_panel-BV3bwMt0.js", "/dashboard/assets/weather-DOK2KhEq.js", "/dashboard/assets/weather_panel-CWV1iOiQ.js", "/dashboard/assets/wind_mark-DlRUK77U.js", "/dashboard/assets/yield_panel-D-PL5Edh.css", "/dashboard/assets/yield_panel-Dq04blnk.js", "/dashboard/assets/yields-DJ4kmydi.js", "/dashboard/assets/zone_colours-3VgvyQwk.js", "/dashboard/assets/zone_key-Bdznz0rT.js", "/dashboard/headland.svg", "/dashboard/icon-192.png", "/dashboard/icon-512.png", "/dashboard/icon-maskable-512.png", "/dashboard/manifest.webmanifest"];
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
