// Service worker: the page opens without a network, with the last answers of the station, each marked with the time it was received.
// `vite.config.ts` puts the names of the built files in. Nothing here asks another host.

const VERSION = "ec4262108e02";
const FILES = ["/dashboard/assets/accounts-TYKC0L3B.js", "/dashboard/assets/against_applied-CkAcJsmG.js", "/dashboard/assets/alarm_text-DLILm21U.js", "/dashboard/assets/alarms-Ci3zI9A6.js", "/dashboard/assets/alarms-DulsBD06.js", "/dashboard/assets/base-Be9iKYZa.js", "/dashboard/assets/chart-Buh_8oVs.js", "/dashboard/assets/chart-CnsZ1jie.css", "/dashboard/assets/chart_panel-CSeFKIDS.css", "/dashboard/assets/chart_panel-HafDgDV6.js", "/dashboard/assets/choice-B2nDFS82.js", "/dashboard/assets/choice-KteBBP4C.js", "/dashboard/assets/chosen_note-GS3wkr5d.js", "/dashboard/assets/cooperative-Cy7q1nH_.js", "/dashboard/assets/cooperative-CyooYRjd.js", "/dashboard/assets/coordinates_text-Cg3ozBUa.js", "/dashboard/assets/date_range-D9WWPLgY.js", "/dashboard/assets/delete_record-D9_kvihw.js", "/dashboard/assets/deliveries-DvMo8mdY.js", "/dashboard/assets/device_card-B1ipwcuv.js", "/dashboard/assets/dist-BsbcV6pe.js", "/dashboard/assets/doubt_cards-CknSfxrL.js", "/dashboard/assets/doubt_cards-VjQX_Yrb.js", "/dashboard/assets/draw_tool-CG5pPpHx.js", "/dashboard/assets/drawn_prescription-BefW4-EG.js", "/dashboard/assets/drawn_zones_model-D-fdWKY_.js", "/dashboard/assets/drop_file-CQA0rz7O.js", "/dashboard/assets/duty-C_eP9WgB.css", "/dashboard/assets/duty-YOpi5ho2.js", "/dashboard/assets/empty-CDu01tqm.js", "/dashboard/assets/esm-Xkf8mv-x.js", "/dashboard/assets/facts-yPaDOeQh.js", "/dashboard/assets/farm-DbKfZb_D.js", "/dashboard/assets/farm-DgNOXQIy.js", "/dashboard/assets/farm_map-CSMzSu-C.js", "/dashboard/assets/field-B5UY7mts.css", "/dashboard/assets/field-BrjTSxBI.js", "/dashboard/assets/field-CpB8aZHW.js", "/dashboard/assets/field_map-CRxyS01A.js", "/dashboard/assets/field_weather-DjH28e7V.js", "/dashboard/assets/field_work-Clldx3iO.js", "/dashboard/assets/fields-U0eYNdck.js", "/dashboard/assets/file_button-BFNjp2SJ.js", "/dashboard/assets/file_button-Bw2WcCaW.css", "/dashboard/assets/file_button-CVUQwxcR.js", "/dashboard/assets/files-BWWIWcu2.js", "/dashboard/assets/finding_text-DJvc6ndC.js", "/dashboard/assets/first-DTZ-3S1X.css", "/dashboard/assets/first-DdLhMpz-.js", "/dashboard/assets/forecast_basis-W4e4m3Wy.js", "/dashboard/assets/forecast_providers-Dc-OfJcp.js", "/dashboard/assets/forecast_source-d8uYSw_i.js", "/dashboard/assets/form-BKPtYnH1.js", "/dashboard/assets/gateway_rules-d1qxTBFQ.js", "/dashboard/assets/greenhouse-BFpZGyRg.css", "/dashboard/assets/greenhouse-C6HnDDrt.js", "/dashboard/assets/greenhouse-D923mEah.js", "/dashboard/assets/grid_map-t29gBsnq.js", "/dashboard/assets/harvest-Kx-Ks9-n.js", "/dashboard/assets/harvest_import-B0rv7_du.js", "/dashboard/assets/health-DlNfgXsr.js", "/dashboard/assets/health-k6qsvdIK.js", "/dashboard/assets/house_answers-Bp4bb9qq.js", "/dashboard/assets/house_tabs-Zq_Xr1vD.js", "/dashboard/assets/imports_panel-Bc_UzQ_o.css", "/dashboard/assets/imports_panel-C-Nr_A4q.js", "/dashboard/assets/index-DSXtytQL.js", "/dashboard/assets/interval_mark-oYX-bafd.js", "/dashboard/assets/kept_records-CzrRylXp.js", "/dashboard/assets/layout_map-B4XlMbLU.js", "/dashboard/assets/map-OQIIJS95.js", "/dashboard/assets/map-vGQmxOwv.css", "/dashboard/assets/maplibre-gl-worker-CZtFQQIV.mjs", "/dashboard/assets/money-wzQ_u-kI.js", "/dashboard/assets/next_hours-DWyraDv6.js", "/dashboard/assets/not_found-DmFnBwRH.js", "/dashboard/assets/note_form-0uigoDu-.js", "/dashboard/assets/note_list-DvZJvdQl.js", "/dashboard/assets/notes-B2TpFBPd.css", "/dashboard/assets/notes-CJ0w2pob.js", "/dashboard/assets/notes_panel-CWV6JHJo.js", "/dashboard/assets/number_choice-C7wRHEiG.js", "/dashboard/assets/one_rate_prescription-Cq8KosZQ.js", "/dashboard/assets/outline_model-Dt40FYtR.js", "/dashboard/assets/own-BJSZV4Xc.js", "/dashboard/assets/own-Qlb485x6.js", "/dashboard/assets/people-BUVdWNK5.js", "/dashboard/assets/person_data-CAsUMlF0.js", "/dashboard/assets/person_data-DhOqf-ak.js", "/dashboard/assets/person_form-61RkMgkZ.js", "/dashboard/assets/person_form-ChJDD46H.js", "/dashboard/assets/person_record-JXXrTbpD.js", "/dashboard/assets/places-BPm85zHh.js", "/dashboard/assets/places-DTHLuish.js", "/dashboard/assets/points_prescription-BTtoqTtE.js", "/dashboard/assets/prescription_fields-C7wOqO1Y.js", "/dashboard/assets/progress-BTC4yY0c.js", "/dashboard/assets/push-DxJpqQzZ.js", "/dashboard/assets/recall-CGwKmb6r.js", "/dashboard/assets/records-BeIcpiXz.js", "/dashboard/assets/records-DKqjCnRv.js", "/dashboard/assets/records-DdthOV4k.js", "/dashboard/assets/report_links-DEp2KIV9.js", "/dashboard/assets/row_rest-BkuPQZua.js", "/dashboard/assets/season_period-C2MQoCDt.js", "/dashboard/assets/set_active-BN_5w_qd.js", "/dashboard/assets/settings-0T7L9O4M.js", "/dashboard/assets/settings-DiwAzNUe.js", "/dashboard/assets/settings-aoM-nqTc.css", "/dashboard/assets/shown_quantities-nanEPu3q.js", "/dashboard/assets/site_link-B9HLvsM6.js", "/dashboard/assets/stability-uYkzuCX6.js", "/dashboard/assets/statement_card-C26G7o5l.js", "/dashboard/assets/style-8n1qkMse.css", "/dashboard/assets/subject_notes-DZvA5n7s.js", "/dashboard/assets/table-DJ3TVqTz.css", "/dashboard/assets/table-v8zMLPBt.js", "/dashboard/assets/table_import-DKjezxtH.js", "/dashboard/assets/tabs-CzudzQ9r.js", "/dashboard/assets/tapped_place-BZfnPs-g.js", "/dashboard/assets/tonight_text-Du7VaGQ8.js", "/dashboard/assets/treatments_panel-BHJDI5-K.js", "/dashboard/assets/treatments_panel-Cwcq0ZRu.js", "/dashboard/assets/trial_form-BmkUSCza.js", "/dashboard/assets/trials_panel-BXcKuUwR.js", "/dashboard/assets/trials_panel-DIMjNUgA.css", "/dashboard/assets/value_tile-CtykHB5Q.js", "/dashboard/assets/water_panel-Ckmvnsun.js", "/dashboard/assets/weather-5R96emOS.js", "/dashboard/assets/weather_panel-DmPA3cvT.js", "/dashboard/assets/wind_mark-p604bR20.js", "/dashboard/assets/yield_panel-D-PL5Edh.css", "/dashboard/assets/yield_panel-DsiBm_5Y.js", "/dashboard/assets/yields-b_uIPyKd.js", "/dashboard/assets/zone_colours-C5m8x-Uk.js", "/dashboard/assets/zone_key-BDbqqXXB.js", "/dashboard/headland.svg", "/dashboard/icon-192.png", "/dashboard/icon-512.png", "/dashboard/icon-maskable-512.png", "/dashboard/manifest.webmanifest"];
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
