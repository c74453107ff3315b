// Service worker: the page opens without a network, with the last answers of the station, each marked with the time it was received.
// `vite.config.ts` puts the names of the built files in. Nothing here asks another host.

const VERSION = "38441a4c537f";
const FILES = ["/dashboard/assets/accounts-DrLu0HFl.js", "/dashboard/assets/against_applied-DnDLqq0X.js", "/dashboard/assets/alarm_text-CFMuK-ic.js", "/dashboard/assets/alarms-BuTvsEgn.js", "/dashboard/assets/alarms-Dn8BIswN.js", "/dashboard/assets/answers-CSeFKIDS.css", "/dashboard/assets/base-DW8J7ofa.js", "/dashboard/assets/chart-CnsZ1jie.css", "/dashboard/assets/chart-nfZfSY1-.js", "/dashboard/assets/chart_panel-mOtNCyb1.js", "/dashboard/assets/choice-B0_Jb0A3.js", "/dashboard/assets/choice-CqGYtAWh.js", "/dashboard/assets/chosen_note-BwaFpbRF.js", "/dashboard/assets/connect-B6zSfyfu.js", "/dashboard/assets/connect_sensor--TZl5d76.css", "/dashboard/assets/connect_sensor-FgVzfIzQ.js", "/dashboard/assets/cooperative-DOUbB-0f.js", "/dashboard/assets/cooperative-kEsDR7ca.js", "/dashboard/assets/coordinates_text-BOfBWoZf.js", "/dashboard/assets/date_range-rfCX4P4o.js", "/dashboard/assets/delete_record-CRxV2HrQ.js", "/dashboard/assets/deliveries-dV9MpXIV.js", "/dashboard/assets/dist-BsbcV6pe.js", "/dashboard/assets/doubt_cards-BL1NZXHn.js", "/dashboard/assets/doubt_cards-BdoNQIZP.js", "/dashboard/assets/draw_map-8dzLg1Ze.js", "/dashboard/assets/draw_tool-B8bpsQvS.js", "/dashboard/assets/drawn_prescription-BdS-0vZb.js", "/dashboard/assets/drawn_zones_model-BeFlxYN5.js", "/dashboard/assets/drop_file-DIajDGFi.js", "/dashboard/assets/duty-C2bVsbcf.js", "/dashboard/assets/duty-C_eP9WgB.css", "/dashboard/assets/element_of-f7oblO_0.js", "/dashboard/assets/empty-CRhpdpgs.js", "/dashboard/assets/energy-C1WoJLam.js", "/dashboard/assets/energy_panel-CgkXebxo.js", "/dashboard/assets/esm-Xkf8mv-x.js", "/dashboard/assets/facts-DZlQN8dE.js", "/dashboard/assets/farm-GLFVZi4b.js", "/dashboard/assets/farm-faORHp-M.js", "/dashboard/assets/farm_map-DwsKwKyb.js", "/dashboard/assets/field-B-nUYyiH.js", "/dashboard/assets/field-BXJSmzy5.css", "/dashboard/assets/field-CXZwlYcP.js", "/dashboard/assets/field_map-CtlRaqs5.js", "/dashboard/assets/field_pass-CjxPcsaZ.js", "/dashboard/assets/field_planning-CKL0rLyc.js", "/dashboard/assets/field_planning-DSdP1szN.css", "/dashboard/assets/field_weather-B_ZERqy5.js", "/dashboard/assets/field_work-ZFo7_emG.js", "/dashboard/assets/fields-B734uNDJ.js", "/dashboard/assets/file_button-BONghGrn.js", "/dashboard/assets/file_button-Bw2WcCaW.css", "/dashboard/assets/file_button-CNsJrb5C.js", "/dashboard/assets/files-BJnE_c4k.js", "/dashboard/assets/finding_text-P22c8rOC.js", "/dashboard/assets/first-BXuI5IeP.css", "/dashboard/assets/first-DBuSey43.js", "/dashboard/assets/forecast_basis-DpnVm6cg.js", "/dashboard/assets/forecast_providers-C7UENIaI.js", "/dashboard/assets/forecast_source-BUW3_U2n.js", "/dashboard/assets/form-DysZg1bj.js", "/dashboard/assets/form_state-BktEMjFS.js", "/dashboard/assets/gateway_rules-B7XZwV_U.js", "/dashboard/assets/greenhouse-DBuHsBCo.js", "/dashboard/assets/greenhouse-DMBLZHEv.css", "/dashboard/assets/greenhouse-Dyzm_iHR.js", "/dashboard/assets/grid_map-0YCh8GVH.js", "/dashboard/assets/harvest-DesziG3Y.js", "/dashboard/assets/harvest_import-DFziiFts.js", "/dashboard/assets/health-B9qbVDV6.js", "/dashboard/assets/health-DoxpsnrD.js", "/dashboard/assets/house_answers-BVAM2kzQ.js", "/dashboard/assets/house_tabs-XSNVhehv.js", "/dashboard/assets/imports_panel-Bc_UzQ_o.css", "/dashboard/assets/imports_panel-DwrmscEG.js", "/dashboard/assets/index-CMxD96wK.js", "/dashboard/assets/interval_mark-j4MjK2xH.js", "/dashboard/assets/kept_records-CI5aNpQa.js", "/dashboard/assets/kind_icon-gjQpEeCe.js", "/dashboard/assets/layout_map-BPJtGFhd.js", "/dashboard/assets/legend-DWHV5YoH.js", "/dashboard/assets/map-Cmvw1pGT.css", "/dashboard/assets/map-mJRAxO5R.js", "/dashboard/assets/map_sources-B40TXRao.js", "/dashboard/assets/map_sources-B6QvaCjL.js", "/dashboard/assets/map_tiles-lz3PSTk6.js", "/dashboard/assets/map_view-jC2YIukH.js", "/dashboard/assets/maplibre-gl-BmXz0cv5.js", "/dashboard/assets/maplibre-gl-worker-CZtFQQIV.mjs", "/dashboard/assets/message_fields-Bwzox7ud.js", "/dashboard/assets/money-CvdEBaXH.js", "/dashboard/assets/next_hours-BDW3wAjZ.js", "/dashboard/assets/note_form-ByNW3XnD.js", "/dashboard/assets/note_list-BnMYGiWo.js", "/dashboard/assets/notes-B2TpFBPd.css", "/dashboard/assets/notes-CCKa3_rK.js", "/dashboard/assets/notes_panel-WczUI7gc.js", "/dashboard/assets/number_choice-n0iKlU58.js", "/dashboard/assets/one_rate_prescription-Q0V8xkEq.js", "/dashboard/assets/outline_model-t8BuVWVH.js", "/dashboard/assets/own-B4zuitG-.js", "/dashboard/assets/own-CAxW9XD-.js", "/dashboard/assets/own_hosts-Cp2UWuNs.js", "/dashboard/assets/owner_field-lm7dOfLn.js", "/dashboard/assets/people-DTsSeqAr.js", "/dashboard/assets/people_list-BPbBk2qG.js", "/dashboard/assets/people_list-BnYrYrS4.js", "/dashboard/assets/person_data-CcMBq56z.js", "/dashboard/assets/person_data-DU0_RvSQ.js", "/dashboard/assets/person_form-CHzFIARN.js", "/dashboard/assets/person_form-SQSgxz9h.js", "/dashboard/assets/person_page-95aZEhGe.js", "/dashboard/assets/places--iY7sJdO.js", "/dashboard/assets/places-DRmfrYFY.js", "/dashboard/assets/points_prescription-BgRaIDRp.js", "/dashboard/assets/prescription_fields-uJhFRhJS.js", "/dashboard/assets/progress-DyIY-efT.js", "/dashboard/assets/push-ClBdBCKo.js", "/dashboard/assets/quantity_search-ugK6Bg2w.js", "/dashboard/assets/recall-hmMQpffL.js", "/dashboard/assets/records-B-99erw-.js", "/dashboard/assets/records-B8BbTNAV.js", "/dashboard/assets/records-D3nRGhJD.js", "/dashboard/assets/report_links-CYAw41FE.js", "/dashboard/assets/row_rest-CuOUIKY4.js", "/dashboard/assets/season_period-DUF1kvwJ.js", "/dashboard/assets/senders-C5RKjFig.js", "/dashboard/assets/sensors-CAe3YZyP.js", "/dashboard/assets/set_active-Dy5s9jt3.js", "/dashboard/assets/settings-0CY2yQwH.js", "/dashboard/assets/settings-DIMbqr43.js", "/dashboard/assets/settings-aoM-nqTc.css", "/dashboard/assets/shown_quantities-nanEPu3q.js", "/dashboard/assets/simulated-Dk75yWRr.js", "/dashboard/assets/site_link-Cg6dRFIz.js", "/dashboard/assets/stability-GDi0j7YE.js", "/dashboard/assets/statement_card-DVzLQjHX.js", "/dashboard/assets/style-D8cCjQN0.css", "/dashboard/assets/subject_notes-BHU8ZYqW.js", "/dashboard/assets/table-B3Ir7F6X.css", "/dashboard/assets/table-D8VphXQE.js", "/dashboard/assets/table_import-DqrV1OsG.js", "/dashboard/assets/tapped_place-Dvf-QRLd.js", "/dashboard/assets/task-ByvUhDs1.js", "/dashboard/assets/tonight_text-BMEW0Nvb.js", "/dashboard/assets/treatments_panel-BgjMv7fg.js", "/dashboard/assets/treatments_panel-vZQy7GtN.js", "/dashboard/assets/trial_form-BUdwHKlZ.js", "/dashboard/assets/trials_panel-CIlN4C5n.js", "/dashboard/assets/trials_panel-DIMjNUgA.css", "/dashboard/assets/value_tile-Dpi3Zl8H.js", "/dashboard/assets/water_panel-BrK45V1c.js", "/dashboard/assets/weather-DMgKeeTl.js", "/dashboard/assets/weather_panel-CCUHNrZx.js", "/dashboard/assets/whose-Ch6mO5h-.js", "/dashboard/assets/wind_mark-PKtlj4vY.js", "/dashboard/assets/yield_panel-D-PL5Edh.css", "/dashboard/assets/yield_panel-DGp4-230.js", "/dashboard/assets/yields-D3N8paIy.js", "/dashboard/assets/zone_colours-BIaqcKKa.js", "/dashboard/assets/zone_key-Cegg-oJV.js", "/dashboard/headland.svg", "/dashboard/icon-192.png", "/dashboard/icon-512.png", "/dashboard/icon-maskable-512.png", "/dashboard/manifest.webmanifest"];
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
