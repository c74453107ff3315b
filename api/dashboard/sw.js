// Service worker: the page opens without a network, with the last answers of the station, each marked with the time it was received.
// `vite.config.ts` puts the names of the built files in. Nothing here asks another host.

const VERSION = "f488856e8f7d";
const FILES = ["/dashboard/assets/accounts-ClDGYtxd.js", "/dashboard/assets/against_applied-DQ-gkofr.js", "/dashboard/assets/alarm_text-Co8qmGNF.js", "/dashboard/assets/alarms-BdYhLTP8.js", "/dashboard/assets/alarms-CK3lQ6vX.js", "/dashboard/assets/answers-CSeFKIDS.css", "/dashboard/assets/base-Cy_VXmFe.js", "/dashboard/assets/chart-CmNApEQl.js", "/dashboard/assets/chart-CnsZ1jie.css", "/dashboard/assets/chart_panel-BYMclJm1.js", "/dashboard/assets/choice-B0_Jb0A3.js", "/dashboard/assets/choice-CXZIc1C8.js", "/dashboard/assets/chosen_note-BkanLRMt.js", "/dashboard/assets/connect-CME-_p7Y.js", "/dashboard/assets/connect_sensor--TZl5d76.css", "/dashboard/assets/connect_sensor-CRS05nRg.js", "/dashboard/assets/cooperative-3DpesCTc.js", "/dashboard/assets/cooperative-DtRuyeLf.js", "/dashboard/assets/coordinates_text-zVC6Z6Ka.js", "/dashboard/assets/date_range-CDG0tZyl.js", "/dashboard/assets/delete_record-CsMMomxf.js", "/dashboard/assets/deliveries-WjMniWoL.js", "/dashboard/assets/dist-BsbcV6pe.js", "/dashboard/assets/doubt_cards-CLsO_SyR.js", "/dashboard/assets/doubt_cards-N7YKK604.js", "/dashboard/assets/draw_map-DXf8W4xf.js", "/dashboard/assets/draw_tool-CaW1viP8.js", "/dashboard/assets/drawn_prescription-BZptzJWm.js", "/dashboard/assets/drawn_zones_model-uc9R9kqO.js", "/dashboard/assets/drop_file-DRvkdHlo.js", "/dashboard/assets/duty-C_eP9WgB.css", "/dashboard/assets/duty-DOA9TSwI.js", "/dashboard/assets/element_of-Be0-sd1k.js", "/dashboard/assets/empty-Nml2Fhaq.js", "/dashboard/assets/energy-suUw0RU_.js", "/dashboard/assets/energy_panel-BOMlsaq0.js", "/dashboard/assets/esm-Xkf8mv-x.js", "/dashboard/assets/facts-BbzUrdue.js", "/dashboard/assets/farm-BJfUJZXa.js", "/dashboard/assets/farm-BaNqG9wP.js", "/dashboard/assets/farm_map-Dw_UKbo5.js", "/dashboard/assets/field-BXJSmzy5.css", "/dashboard/assets/field-DfuhgOx6.js", "/dashboard/assets/field-neQZVzmX.js", "/dashboard/assets/field_map-W6nfUX7P.js", "/dashboard/assets/field_pass-Cd34wa9i.js", "/dashboard/assets/field_planning-CnStIeno.js", "/dashboard/assets/field_planning-DSdP1szN.css", "/dashboard/assets/field_weather-_yjvNbE6.js", "/dashboard/assets/field_work-B9MW8TZ2.js", "/dashboard/assets/fields-CUJQycGe.js", "/dashboard/assets/file_button-Bw2WcCaW.css", "/dashboard/assets/file_button-DM7I00rP.js", "/dashboard/assets/file_button-Dk5582S2.js", "/dashboard/assets/files-BJnE_c4k.js", "/dashboard/assets/finding_text-BZ6v2fRV.js", "/dashboard/assets/first-BOWtYJ5w.js", "/dashboard/assets/first-BXuI5IeP.css", "/dashboard/assets/forecast_basis-DYVH-Y6-.js", "/dashboard/assets/forecast_providers-CQ2QIi6g.js", "/dashboard/assets/forecast_source-eYYGiaKy.js", "/dashboard/assets/form-cL86UAvz.js", "/dashboard/assets/form_state-CfQpoiWI.js", "/dashboard/assets/gateway_rules-DJWtGeYQ.js", "/dashboard/assets/greenhouse-2H_qypkR.js", "/dashboard/assets/greenhouse-DMBLZHEv.css", "/dashboard/assets/greenhouse-DwfoV3Pi.js", "/dashboard/assets/grid_map-V08ZhspN.js", "/dashboard/assets/harvest-N-rYTldf.js", "/dashboard/assets/harvest_import-DkV35rP5.js", "/dashboard/assets/health-BRz4tKei.js", "/dashboard/assets/health-DIH5IkAk.js", "/dashboard/assets/house_answers-BMTCqWv8.js", "/dashboard/assets/house_tabs-qMQ6IIyp.js", "/dashboard/assets/imports_panel-Bc_UzQ_o.css", "/dashboard/assets/imports_panel-DEBFdKOz.js", "/dashboard/assets/index-PPmnRFQp.js", "/dashboard/assets/interval_mark-D7n9xZoc.js", "/dashboard/assets/kept_records-DNv3qY-R.js", "/dashboard/assets/kind_icon-CR_3TNkq.js", "/dashboard/assets/layout_map-CA3zHibT.js", "/dashboard/assets/legend-DLc95c0f.js", "/dashboard/assets/map-Cmvw1pGT.css", "/dashboard/assets/map-Cv6l1i5-.js", "/dashboard/assets/map_sources-CCM1aUHl.js", "/dashboard/assets/map_sources-Mu9yQ1ln.js", "/dashboard/assets/map_tiles-lz3PSTk6.js", "/dashboard/assets/map_view-DI4gUKxS.js", "/dashboard/assets/maplibre-gl-CSIuOI-X.js", "/dashboard/assets/maplibre-gl-worker-CZtFQQIV.mjs", "/dashboard/assets/message_fields-F8XAVIoh.js", "/dashboard/assets/money-CZIDvXiW.js", "/dashboard/assets/next_hours-aF36o10r.js", "/dashboard/assets/note_form-DZnz86yQ.js", "/dashboard/assets/note_list-CXr2eB2U.js", "/dashboard/assets/notes-B2TpFBPd.css", "/dashboard/assets/notes-B9DyweNM.js", "/dashboard/assets/notes_panel-CWSqmBHC.js", "/dashboard/assets/number_choice-DlLLAXa1.js", "/dashboard/assets/one_rate_prescription-DMeMfHiB.js", "/dashboard/assets/outline_model-BEBZKnxi.js", "/dashboard/assets/own-DvdiUdZJ.js", "/dashboard/assets/own-MDoYaB-C.js", "/dashboard/assets/own_hosts-CDVD8eqV.js", "/dashboard/assets/owner_field-B5ef3OgH.js", "/dashboard/assets/people-Ic8Pucoq.js", "/dashboard/assets/people_list-COHGH_JB.js", "/dashboard/assets/people_list-yE3d_Bmp.js", "/dashboard/assets/person_data-CVQMQiFl.js", "/dashboard/assets/person_data-D61cUDKa.js", "/dashboard/assets/person_form-Bsuu_yBH.js", "/dashboard/assets/person_form-zC8WB2SR.js", "/dashboard/assets/person_page-B1P8jgNS.js", "/dashboard/assets/places-BiMohSL5.js", "/dashboard/assets/places-Ds2Sc4lE.js", "/dashboard/assets/points_prescription-BjouCDzK.js", "/dashboard/assets/prescription_fields-wXLWDHaW.js", "/dashboard/assets/progress-CrEcVHs3.js", "/dashboard/assets/push-ETbZDY1Z.js", "/dashboard/assets/quantity_search-BShHGe4o.js", "/dashboard/assets/recall-D37ybf_K.js", "/dashboard/assets/records-D7jWhS3a.js", "/dashboard/assets/records-DAh9AkB7.js", "/dashboard/assets/records-_rH8iCq6.js", "/dashboard/assets/report_links-Ds6czztl.js", "/dashboard/assets/row_rest-Z3eM0U79.js", "/dashboard/assets/season_period-BPa5ZiQA.js", "/dashboard/assets/senders-Ds0i9j6G.js", "/dashboard/assets/sensors-B275MXPA.js", "/dashboard/assets/set_active-DJNve8qp.js", "/dashboard/assets/settings-0lKR3x5l.js", "/dashboard/assets/settings-BD-Xsc88.js", "/dashboard/assets/settings-aoM-nqTc.css", "/dashboard/assets/shown_quantities-nanEPu3q.js", "/dashboard/assets/simulated-vw3ZXOxU.js", "/dashboard/assets/site_link-Du7iYrNC.js", "/dashboard/assets/stability-C0cOM923.js", "/dashboard/assets/statement_card-C1zgocYD.js", "/dashboard/assets/style-D8cCjQN0.css", "/dashboard/assets/subject_notes-DEwJyC2L.js", "/dashboard/assets/table-B3Ir7F6X.css", "/dashboard/assets/table-C5N4sDJ4.js", "/dashboard/assets/table_import-fVAkNqfQ.js", "/dashboard/assets/tapped_place-DcZRZiE-.js", "/dashboard/assets/task-qPwGGi_f.js", "/dashboard/assets/tonight_text-ByOys7ef.js", "/dashboard/assets/treatments_panel-B4ULTSq7.js", "/dashboard/assets/treatments_panel-Da32ipvV.js", "/dashboard/assets/trial_form-DneWI7I8.js", "/dashboard/assets/trials_panel-D4Nr414n.js", "/dashboard/assets/trials_panel-DIMjNUgA.css", "/dashboard/assets/value_tile-BevFdqOP.js", "/dashboard/assets/water_panel-DsWUQoul.js", "/dashboard/assets/weather-CUK5USXW.js", "/dashboard/assets/weather_panel-CUwRN4rX.js", "/dashboard/assets/whose-DqGJCLZZ.js", "/dashboard/assets/wind_mark-Dha_M7hd.js", "/dashboard/assets/yield_panel-CLwF1-k0.js", "/dashboard/assets/yield_panel-D-PL5Edh.css", "/dashboard/assets/yields-B3pWhpEz.js", "/dashboard/assets/zone_colours-BAygnwVC.js", "/dashboard/assets/zone_key-e4fbFQFF.js", "/dashboard/headland.svg", "/dashboard/icon-192.png", "/dashboard/icon-512.png", "/dashboard/icon-maskable-512.png", "/dashboard/manifest.webmanifest"];
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
