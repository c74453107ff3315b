// Service worker: the page opens without a network, with the last answers of the station, each marked with the time it was received.
// `vite.config.ts` puts the names of the built files in. Nothing here asks another host.

const VERSION = "fb604c4e2ea3";
const FILES = ["/dashboard/assets/accounts-n6-mQ3z8.js", "/dashboard/assets/against_applied-FGV4iogN.js", "/dashboard/assets/alarm_text-CEb9Zy3P.js", "/dashboard/assets/alarms-EwNGfbQU.js", "/dashboard/assets/alarms-wYRAIL8k.js", "/dashboard/assets/base-cJTW0hcG.js", "/dashboard/assets/chart-CnsZ1jie.css", "/dashboard/assets/chart-ifMPDtOw.js", "/dashboard/assets/chart_panel-CSeFKIDS.css", "/dashboard/assets/chart_panel-fF1DmI9H.js", "/dashboard/assets/choice-B2nDFS82.js", "/dashboard/assets/choice-yPXTwGZj.js", "/dashboard/assets/chosen_note-C_KGqIXr.js", "/dashboard/assets/cooperative-Dl8ORLhR.js", "/dashboard/assets/cooperative-f0Dw1qsn.js", "/dashboard/assets/coordinates_text-DcUvMzOt.js", "/dashboard/assets/date_range-rrTo5-jZ.js", "/dashboard/assets/delete_record-BJe2AX2l.js", "/dashboard/assets/deliveries-B4eNuts2.js", "/dashboard/assets/device_card-BViv28Y3.js", "/dashboard/assets/dist-BsbcV6pe.js", "/dashboard/assets/doubt_cards-DWxdV46s.js", "/dashboard/assets/doubt_cards-I5obv0KI.js", "/dashboard/assets/draw_map-DjRe90K9.js", "/dashboard/assets/draw_tool-B_cfnLl5.js", "/dashboard/assets/drawn_prescription-ClgCV7Lf.js", "/dashboard/assets/drawn_zones_model-CoSuI-Ha.js", "/dashboard/assets/drop_file-DKPUXvs_.js", "/dashboard/assets/duty-C_eP9WgB.css", "/dashboard/assets/duty-DGVD2ujf.js", "/dashboard/assets/empty-D2I8RH10.js", "/dashboard/assets/esm-Xkf8mv-x.js", "/dashboard/assets/facts-CqD6D1BL.js", "/dashboard/assets/farm-DwBXRVVr.js", "/dashboard/assets/farm-Wl_eUrbL.js", "/dashboard/assets/farm_map-BvgVHeSU.js", "/dashboard/assets/field-B5UY7mts.css", "/dashboard/assets/field-C_CyFI6j.js", "/dashboard/assets/field-TgPoFosE.js", "/dashboard/assets/field_map-7Br_uYf2.js", "/dashboard/assets/field_planning-1qBlDAQF.js", "/dashboard/assets/field_planning-DSdP1szN.css", "/dashboard/assets/field_weather-B4GPWHqw.js", "/dashboard/assets/field_work-DhSzPNZF.js", "/dashboard/assets/fields-Dj3n85NA.js", "/dashboard/assets/file_button-Bw2WcCaW.css", "/dashboard/assets/file_button-DN3Locin.js", "/dashboard/assets/file_button-ih_ZgPx5.js", "/dashboard/assets/files-D_FpxBIs.js", "/dashboard/assets/finding_text-D5fGpVjt.js", "/dashboard/assets/first-BXuI5IeP.css", "/dashboard/assets/first-cNxmtQDk.js", "/dashboard/assets/forecast_basis-YjQ3B7VD.js", "/dashboard/assets/forecast_providers-DQbngoMR.js", "/dashboard/assets/forecast_source-Do4mt019.js", "/dashboard/assets/form-CaJgSRgz.js", "/dashboard/assets/gateway_rules-CuApLRPb.js", "/dashboard/assets/greenhouse-D-CvlwhT.js", "/dashboard/assets/greenhouse-DMBLZHEv.css", "/dashboard/assets/greenhouse-_mGj-tDl.js", "/dashboard/assets/grid_map-CesKOODY.js", "/dashboard/assets/harvest-EZVsdqHc.js", "/dashboard/assets/harvest_import-BfJcD9NE.js", "/dashboard/assets/health-Chz1hmjU.js", "/dashboard/assets/health-hVEf5z2p.js", "/dashboard/assets/house_answers-DJAN9JkT.js", "/dashboard/assets/house_tabs-DZBaHHYU.js", "/dashboard/assets/imports_panel-Bc_UzQ_o.css", "/dashboard/assets/imports_panel-DcyCIQQe.js", "/dashboard/assets/index-BSBxYyWC.js", "/dashboard/assets/inputs-CF8E5TGg.js", "/dashboard/assets/interval_mark-Bb4Swbpc.js", "/dashboard/assets/kept_records-BmoO15eS.js", "/dashboard/assets/layout_map-OKYUcGj5.js", "/dashboard/assets/map-D3jWY2il.js", "/dashboard/assets/map-vGQmxOwv.css", "/dashboard/assets/map_view-B5dn9QLl.js", "/dashboard/assets/maplibre-gl-worker-CZtFQQIV.mjs", "/dashboard/assets/money-DSe1UohB.js", "/dashboard/assets/next_hours-CG30EPEQ.js", "/dashboard/assets/note_form-2G0VkKnm.js", "/dashboard/assets/note_list-DrvXN8lM.js", "/dashboard/assets/notes-B2TpFBPd.css", "/dashboard/assets/notes-CcTl4HI9.js", "/dashboard/assets/notes_panel-_xdHHDn1.js", "/dashboard/assets/number_choice-BgrGlMBX.js", "/dashboard/assets/one_rate_prescription-DGNoDNcW.js", "/dashboard/assets/outline_model-Dr7dXhAy.js", "/dashboard/assets/own-B6w_J3vh.js", "/dashboard/assets/own-Brjk3s-b.js", "/dashboard/assets/owner_field-OuKUjOZ8.js", "/dashboard/assets/people-8bRH5fwZ.js", "/dashboard/assets/people_list-C1TsTJuD.js", "/dashboard/assets/people_list-Ch3LYsOU.js", "/dashboard/assets/person_data-BNaSZx-I.js", "/dashboard/assets/person_data-CyYHcU_-.js", "/dashboard/assets/person_form-CAfsWCI3.js", "/dashboard/assets/person_form-DO-0X_g2.js", "/dashboard/assets/person_page-_1qHvuA_.js", "/dashboard/assets/places-DrLSouj3.js", "/dashboard/assets/places-JVe7Aqgf.js", "/dashboard/assets/points_prescription-CMWuFEB1.js", "/dashboard/assets/prescription_fields-8LfWy1uX.js", "/dashboard/assets/progress-DKYnM273.js", "/dashboard/assets/push-DmtNCMmp.js", "/dashboard/assets/recall-CAVvR9dc.js", "/dashboard/assets/records-D3mn6IVq.js", "/dashboard/assets/records-m55HIlT-.js", "/dashboard/assets/records-vwRaJsDW.js", "/dashboard/assets/report_links-nZ0ul26r.js", "/dashboard/assets/row_rest-WBNcf1T-.js", "/dashboard/assets/season_period-DbxxGKBg.js", "/dashboard/assets/set_active-BR8XlYOn.js", "/dashboard/assets/settings-BQ7yGf73.js", "/dashboard/assets/settings-Cl90pfgQ.js", "/dashboard/assets/settings-aoM-nqTc.css", "/dashboard/assets/shown_quantities-nanEPu3q.js", "/dashboard/assets/site_link-DLextEFI.js", "/dashboard/assets/stability-PENXz9_4.js", "/dashboard/assets/statement_card-BMnYCT9j.js", "/dashboard/assets/style-HYJR-e9c.css", "/dashboard/assets/subject_notes-B2OAjU-z.js", "/dashboard/assets/table-C2ec9U6B.js", "/dashboard/assets/table-DJ3TVqTz.css", "/dashboard/assets/table_import-BPUBL8Q2.js", "/dashboard/assets/tapped_place-FYJ-lhya.js", "/dashboard/assets/tonight_text-Dac_VGwa.js", "/dashboard/assets/treatments_panel-CrVcXj4q.js", "/dashboard/assets/treatments_panel-DYZDoFlE.js", "/dashboard/assets/trial_form-C4eT95Zt.js", "/dashboard/assets/trials_panel-DIMjNUgA.css", "/dashboard/assets/trials_panel-PMHetHXM.js", "/dashboard/assets/value_tile-DccjS7LX.js", "/dashboard/assets/water_panel-BM8tgUlu.js", "/dashboard/assets/weather-D7Wyyt1I.js", "/dashboard/assets/weather_panel-BD5dJDRB.js", "/dashboard/assets/whose-cFraisgv.js", "/dashboard/assets/wind_mark-BsApoy00.js", "/dashboard/assets/yield_panel-BahCVm3l.js", "/dashboard/assets/yield_panel-D-PL5Edh.css", "/dashboard/assets/yields-C5uyRvva.js", "/dashboard/assets/zone_colours-CUKYZ_4c.js", "/dashboard/assets/zone_key-C7tw3a26.js", "/dashboard/headland.svg", "/dashboard/icon-192.png", "/dashboard/icon-512.png", "/dashboard/icon-maskable-512.png", "/dashboard/manifest.webmanifest"];
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
