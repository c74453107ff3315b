// Service worker: the page opens without a network, with the last answers of the station, each marked with the time it was received.
// `vite.config.ts` puts the names of the built files in. Nothing here asks another host.

const VERSION = "bb1f82b40534";
const FILES = ["/dashboard/assets/accounts-DVN6nzKx.js", "/dashboard/assets/against_applied-D65mLeLN.js", "/dashboard/assets/alarm_text-BlCeNbl3.js", "/dashboard/assets/alarms-CDhH_WKx.js", "/dashboard/assets/alarms-DJSFex4u.js", "/dashboard/assets/base-Eh6NkEiu.js", "/dashboard/assets/chart--vhQ6ZmM.js", "/dashboard/assets/chart-CnsZ1jie.css", "/dashboard/assets/chart_panel-CSeFKIDS.css", "/dashboard/assets/chart_panel-D11KQ5TG.js", "/dashboard/assets/choice-B2nDFS82.js", "/dashboard/assets/choice-D8yGGWfG.js", "/dashboard/assets/chosen_note-Z-BFJ6Xp.js", "/dashboard/assets/connect-URD4mS0L.js", "/dashboard/assets/cooperative-D-lFSpPX.js", "/dashboard/assets/cooperative-eq_UXEQi.js", "/dashboard/assets/coordinates_text-L-7y56jI.js", "/dashboard/assets/date_range-B4yJJLaK.js", "/dashboard/assets/delete_record-BSnFFmDi.js", "/dashboard/assets/deliveries-DBbkkteV.js", "/dashboard/assets/device_card-B00bWPqE.js", "/dashboard/assets/dist-BsbcV6pe.js", "/dashboard/assets/doubt_cards-CF1xEQr5.js", "/dashboard/assets/doubt_cards-ofUIegZ6.js", "/dashboard/assets/draw_map-D5D69nDH.js", "/dashboard/assets/draw_tool-C380KgeH.js", "/dashboard/assets/drawn_prescription-B-I2ZMiX.js", "/dashboard/assets/drawn_zones_model-CzYjUDgT.js", "/dashboard/assets/drop_file-CIWOa5g7.js", "/dashboard/assets/duty-C_eP9WgB.css", "/dashboard/assets/duty-DAIFyYPr.js", "/dashboard/assets/empty-BLkxDICa.js", "/dashboard/assets/energy-DAIcu6Py.js", "/dashboard/assets/energy_panel-CmMews0s.js", "/dashboard/assets/esm-Xkf8mv-x.js", "/dashboard/assets/facts-1sP_eYnu.js", "/dashboard/assets/farm-ClP_NHGB.js", "/dashboard/assets/farm-Df4KXQ3Z.js", "/dashboard/assets/farm_map-CGBsgHWz.js", "/dashboard/assets/field-CoTsRRfL.js", "/dashboard/assets/field-DAVg-P7g.js", "/dashboard/assets/field-Q8eyVOu1.css", "/dashboard/assets/field_map-3oM8Ywoj.js", "/dashboard/assets/field_pass-IDjZXIp_.js", "/dashboard/assets/field_planning-DSdP1szN.css", "/dashboard/assets/field_planning-DufSb-WJ.js", "/dashboard/assets/field_weather-DcUsjKqY.js", "/dashboard/assets/field_work-9mOG_G03.js", "/dashboard/assets/fields-KSDrC5UF.js", "/dashboard/assets/file_button--qxEhS1B.js", "/dashboard/assets/file_button-Bw2WcCaW.css", "/dashboard/assets/file_button-DAoBaid7.js", "/dashboard/assets/files-DdFJXCxC.js", "/dashboard/assets/finding_text-fUGv5MbV.js", "/dashboard/assets/first-BXuI5IeP.css", "/dashboard/assets/first-XziPGQs2.js", "/dashboard/assets/forecast_basis-BvVNc5fP.js", "/dashboard/assets/forecast_providers-Di91ROVL.js", "/dashboard/assets/forecast_source-Ci7J04R0.js", "/dashboard/assets/form-Cg-TqfOp.js", "/dashboard/assets/gateway_rules-BNkBR6-D.js", "/dashboard/assets/greenhouse-Ck6isl7N.js", "/dashboard/assets/greenhouse-ClR4qDlY.js", "/dashboard/assets/greenhouse-DMBLZHEv.css", "/dashboard/assets/grid_map-h94aUiOu.js", "/dashboard/assets/harvest-Cu0aLicQ.js", "/dashboard/assets/harvest_import-V5edMXjr.js", "/dashboard/assets/health-D4fyuqmQ.js", "/dashboard/assets/health-DLi-WTsJ.js", "/dashboard/assets/house_answers-BYc0wv_I.js", "/dashboard/assets/house_tabs-f0MLGqOn.js", "/dashboard/assets/imports_panel-Bc_UzQ_o.css", "/dashboard/assets/imports_panel-CYQW7jpZ.js", "/dashboard/assets/index-DuE2ajpv.js", "/dashboard/assets/interval_mark-BSw3k2NR.js", "/dashboard/assets/kept_records-BP1FBZ7-.js", "/dashboard/assets/layout_map-BuEgHw2U.js", "/dashboard/assets/map-CGZyDHlR.js", "/dashboard/assets/map-Cmvw1pGT.css", "/dashboard/assets/map_sources-BkCQxmtx.js", "/dashboard/assets/map_sources-DaKObB_S.js", "/dashboard/assets/map_view-_i79L4Ll.js", "/dashboard/assets/maplibre-gl-BnEky3sT.js", "/dashboard/assets/maplibre-gl-worker-CZtFQQIV.mjs", "/dashboard/assets/message_fields-DUDk4ujS.js", "/dashboard/assets/money-BwMrocWk.js", "/dashboard/assets/next_hours-C6cxJya2.js", "/dashboard/assets/note_form-BzpM0Ueg.js", "/dashboard/assets/note_list-CdDRrGR1.js", "/dashboard/assets/notes-B2TpFBPd.css", "/dashboard/assets/notes-BtDzaAMZ.js", "/dashboard/assets/notes_panel-CSuDl18w.js", "/dashboard/assets/number_choice-DEuqqBk5.js", "/dashboard/assets/one_rate_prescription-Dy0hix1O.js", "/dashboard/assets/outline_model-DRVX5ejk.js", "/dashboard/assets/own-BLUuUiqJ.js", "/dashboard/assets/own-BsBz-EXS.js", "/dashboard/assets/owner_field-BkI32qiV.js", "/dashboard/assets/palette-BB0cc5aC.js", "/dashboard/assets/people-DpjwWWE7.js", "/dashboard/assets/people_list-CmjCVwu6.js", "/dashboard/assets/people_list-gWJiZnqL.js", "/dashboard/assets/person_data-BK64_RVD.js", "/dashboard/assets/person_data-VZLiucnt.js", "/dashboard/assets/person_form-CFcUQ1_Z.js", "/dashboard/assets/person_form-DYEy0meq.js", "/dashboard/assets/person_page-CUvbLwlE.js", "/dashboard/assets/places-D6vTJqqf.js", "/dashboard/assets/places-uu45iwxj.js", "/dashboard/assets/points_prescription-CbkXALjb.js", "/dashboard/assets/prescription_fields-nSsKmMs-.js", "/dashboard/assets/progress-DAMADev1.js", "/dashboard/assets/push-CD3E9G1C.js", "/dashboard/assets/quantity_search-CB7D88xM.js", "/dashboard/assets/recall-BeAD68x8.js", "/dashboard/assets/records-BXEebjMf.js", "/dashboard/assets/records-DlqPhAAh.js", "/dashboard/assets/records-KxyFSj_-.js", "/dashboard/assets/report_links-XkQ6BcST.js", "/dashboard/assets/row_rest-doSD7LOn.js", "/dashboard/assets/season_period-DsuEFS3Z.js", "/dashboard/assets/set_active-Lc-CsmCe.js", "/dashboard/assets/settings-BwfvZOnC.js", "/dashboard/assets/settings-CLkIa064.js", "/dashboard/assets/settings-aoM-nqTc.css", "/dashboard/assets/shown_quantities-nanEPu3q.js", "/dashboard/assets/site_link-xu4h0aP0.js", "/dashboard/assets/stability-DoYAhxhi.js", "/dashboard/assets/statement_card-DMYrkCPH.js", "/dashboard/assets/style-D8cCjQN0.css", "/dashboard/assets/subject_notes-CxkpRzkm.js", "/dashboard/assets/table-B3Ir7F6X.css", "/dashboard/assets/table-Col6B420.js", "/dashboard/assets/table_import-DvEJu12c.js", "/dashboard/assets/tapped_place-Ct0wc94Q.js", "/dashboard/assets/tonight_text-Dy3vZYxg.js", "/dashboard/assets/treatments_panel-CvXErjSW.js", "/dashboard/assets/treatments_panel-DV2flq2V.js", "/dashboard/assets/trial_form-CqrnuozO.js", "/dashboard/assets/trials_panel-DIMjNUgA.css", "/dashboard/assets/trials_panel-urHwklty.js", "/dashboard/assets/value_tile-B-BZXvLN.js", "/dashboard/assets/water_panel-D3gaKB52.js", "/dashboard/assets/weather-B1k2oQ0i.js", "/dashboard/assets/weather_panel-AiW0oXWO.js", "/dashboard/assets/whose-DQWeUJeK.js", "/dashboard/assets/wind_mark-ChE3KYkj.js", "/dashboard/assets/yield_panel-D-PL5Edh.css", "/dashboard/assets/yield_panel-DEA1Pv0T.js", "/dashboard/assets/yields-NHSOfJyB.js", "/dashboard/assets/zone_colours-DfNyLG9A.js", "/dashboard/assets/zone_key-BpVsZsRe.js", "/dashboard/headland.svg", "/dashboard/icon-192.png", "/dashboard/icon-512.png", "/dashboard/icon-maskable-512.png", "/dashboard/manifest.webmanifest"];
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
