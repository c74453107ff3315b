// Service worker: the page opens without a network, with the last answers of the station, each marked with the time it was received.
// `vite.config.ts` puts the names of the built files in. Nothing here asks another host.

const VERSION = "fbe2576b8e41";
const FILES = ["/dashboard/assets/accounts-CtuM2rGh.js", "/dashboard/assets/against_applied-d9_27SQM.js", "/dashboard/assets/alarm_text-CniuUzR6.js", "/dashboard/assets/alarms-Df4LTqLJ.js", "/dashboard/assets/alarms-DoGK59-X.js", "/dashboard/assets/base-iwHPFJeF.js", "/dashboard/assets/chart-C6oNtZQi.js", "/dashboard/assets/chart-CnsZ1jie.css", "/dashboard/assets/chart_panel-CHF7h_99.js", "/dashboard/assets/chart_panel-CSeFKIDS.css", "/dashboard/assets/choice-B2nDFS82.js", "/dashboard/assets/choice-HiPr8ZKJ.js", "/dashboard/assets/chosen_note-zthZ7Ta4.js", "/dashboard/assets/cooperative-BYr4eaeo.js", "/dashboard/assets/cooperative-CPABS7-a.js", "/dashboard/assets/coordinates_text-Br-qKsAi.js", "/dashboard/assets/date_range-CJtrVKJ7.js", "/dashboard/assets/delete_record-BYuULY-k.js", "/dashboard/assets/deliveries-B66yHnJd.js", "/dashboard/assets/device_card--D5HZesM.js", "/dashboard/assets/dist-BsbcV6pe.js", "/dashboard/assets/doubt_cards-BgMHZo02.js", "/dashboard/assets/doubt_cards-YWL9kEwJ.js", "/dashboard/assets/draw_map-CTYMpp4J.js", "/dashboard/assets/draw_tool-B4QFgz7-.js", "/dashboard/assets/drawn_prescription-B60-0I0d.js", "/dashboard/assets/drawn_zones_model-BmbMM4ak.js", "/dashboard/assets/drop_file-CBb5tnal.js", "/dashboard/assets/duty-C_eP9WgB.css", "/dashboard/assets/duty-xLe9UAgr.js", "/dashboard/assets/empty-PHIgUUGc.js", "/dashboard/assets/esm-Xkf8mv-x.js", "/dashboard/assets/facts-CHbHZRMN.js", "/dashboard/assets/farm-Bx-oNAap.js", "/dashboard/assets/farm-CISAZKMI.js", "/dashboard/assets/farm_map-ipvl1Z3N.js", "/dashboard/assets/field-B5UY7mts.css", "/dashboard/assets/field-CnD_0Rg6.js", "/dashboard/assets/field-DOdDweiR.js", "/dashboard/assets/field_map-CytKZXDS.js", "/dashboard/assets/field_planning-BvpPmcOZ.js", "/dashboard/assets/field_planning-DSdP1szN.css", "/dashboard/assets/field_weather-DkHwXoNc.js", "/dashboard/assets/field_work-DCkdAmis.js", "/dashboard/assets/fields-Ci6vhpBI.js", "/dashboard/assets/file_button-Bw2WcCaW.css", "/dashboard/assets/file_button-mJSRNmab.js", "/dashboard/assets/file_button-phV_WpER.js", "/dashboard/assets/files-Cd2JSE1_.js", "/dashboard/assets/finding_text-DP8XnwXV.js", "/dashboard/assets/first-DTZ-3S1X.css", "/dashboard/assets/first-E_zo_a8B.js", "/dashboard/assets/forecast_basis-D9gavjPB.js", "/dashboard/assets/forecast_providers-BsK0G6b8.js", "/dashboard/assets/forecast_source-By0ElTCy.js", "/dashboard/assets/form-Bj2gaoIB.js", "/dashboard/assets/gateway_rules-4DG7ayGG.js", "/dashboard/assets/greenhouse-BXp_MGnm.js", "/dashboard/assets/greenhouse-C718aPC7.js", "/dashboard/assets/greenhouse-DMBLZHEv.css", "/dashboard/assets/grid_map-2g9WcYxn.js", "/dashboard/assets/harvest-BGCls9Z_.js", "/dashboard/assets/harvest_import-Q5Qq-gJl.js", "/dashboard/assets/health-B4NHrYtI.js", "/dashboard/assets/health-DINAe9eA.js", "/dashboard/assets/house_answers-CP6QOstJ.js", "/dashboard/assets/house_tabs-BLb9iXfM.js", "/dashboard/assets/imports_panel-Bc_UzQ_o.css", "/dashboard/assets/imports_panel-Cd9HtTCV.js", "/dashboard/assets/index-BXAVwsmc.js", "/dashboard/assets/inputs-DHUld1YG.js", "/dashboard/assets/interval_mark-DxIZynDr.js", "/dashboard/assets/kept_records-DbzNmyjY.js", "/dashboard/assets/layout_map-1pWkwGEH.js", "/dashboard/assets/map-DIJYkjl8.js", "/dashboard/assets/map-vGQmxOwv.css", "/dashboard/assets/map_view-423hAGdm.js", "/dashboard/assets/maplibre-gl-worker-CZtFQQIV.mjs", "/dashboard/assets/members-Cq9YJoPG.js", "/dashboard/assets/money-ToVqnH2A.js", "/dashboard/assets/next_hours-DI7QVKYv.js", "/dashboard/assets/note_form-6GCADEyr.js", "/dashboard/assets/note_list-BI0WDHVt.js", "/dashboard/assets/notes-B2TpFBPd.css", "/dashboard/assets/notes-CuFTfw4W.js", "/dashboard/assets/notes_panel-CrfzpjJA.js", "/dashboard/assets/number_choice-q3zax89q.js", "/dashboard/assets/one_rate_prescription-B5wwyKHG.js", "/dashboard/assets/outline_model-C35Zq1gJ.js", "/dashboard/assets/own-C34EMLbF.js", "/dashboard/assets/own-CuXW2dda.js", "/dashboard/assets/people-CSUg5_5Z.js", "/dashboard/assets/person_data-CqCpqkpl.js", "/dashboard/assets/person_data-XWEUGSIv.js", "/dashboard/assets/person_form-B5vPA3Rp.js", "/dashboard/assets/person_form-BISevrQw.js", "/dashboard/assets/person_record-DUdO7wSw.js", "/dashboard/assets/places-BEVE-YhN.js", "/dashboard/assets/places-hYkaFcUN.js", "/dashboard/assets/points_prescription--KsoiU8y.js", "/dashboard/assets/prescription_fields-BnExO7Bn.js", "/dashboard/assets/progress-DLZpABi6.js", "/dashboard/assets/push-ChEe01Kx.js", "/dashboard/assets/recall-BDMuNDa4.js", "/dashboard/assets/recipients-D3wDbf1W.js", "/dashboard/assets/records-DMQWIj8G.js", "/dashboard/assets/records-DQCP5Odw.js", "/dashboard/assets/records-QtmAga5p.js", "/dashboard/assets/report_links-D3uyOZRe.js", "/dashboard/assets/row_rest-vW7d9gI7.js", "/dashboard/assets/season_period-Ds6qz0BV.js", "/dashboard/assets/set_active-HsTIA86F.js", "/dashboard/assets/settings-DYmNWcdC.js", "/dashboard/assets/settings-aoM-nqTc.css", "/dashboard/assets/settings-vEv_mIhe.js", "/dashboard/assets/shown_quantities-nanEPu3q.js", "/dashboard/assets/site_link-DTVm-s60.js", "/dashboard/assets/stability-B_Zne7Hk.js", "/dashboard/assets/statement_card-Bn6KxAfJ.js", "/dashboard/assets/style-HYJR-e9c.css", "/dashboard/assets/subject_notes-CRCUOl-T.js", "/dashboard/assets/table-DJ3TVqTz.css", "/dashboard/assets/table-c3T5YSTQ.js", "/dashboard/assets/table_import-B0DM7a_i.js", "/dashboard/assets/tapped_place-CJ2wlBqE.js", "/dashboard/assets/tonight_text-D7wKOrV8.js", "/dashboard/assets/treatments_panel-D9t0yVie.js", "/dashboard/assets/treatments_panel-DdfABCUM.js", "/dashboard/assets/trial_form-LzGH4Bi2.js", "/dashboard/assets/trials_panel-DIMjNUgA.css", "/dashboard/assets/trials_panel-cK5NPxjv.js", "/dashboard/assets/value_tile-DO19OAw4.js", "/dashboard/assets/water_panel-COZeEFve.js", "/dashboard/assets/weather-dOCFQrel.js", "/dashboard/assets/weather_panel-BVdveVkB.js", "/dashboard/assets/wind_mark-B-APe0n5.js", "/dashboard/assets/yield_panel-CQw-k7Qb.js", "/dashboard/assets/yield_panel-D-PL5Edh.css", "/dashboard/assets/yields-DoDG1OFe.js", "/dashboard/assets/zone_colours-CUKYZ_4c.js", "/dashboard/assets/zone_key-DcfrMk8T.js", "/dashboard/headland.svg", "/dashboard/icon-192.png", "/dashboard/icon-512.png", "/dashboard/icon-maskable-512.png", "/dashboard/manifest.webmanifest"];
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
