// Service worker: the page opens without a network, with the last answers of the station, each marked with the time it was received.
// `vite.config.ts` puts the names of the built files in. Nothing here asks another host.

const VERSION = "8caf4b52ceec";
const FILES = ["/dashboard/assets/accounts-JR9GaBMK.js", "/dashboard/assets/against_applied-Ca1_q3Wu.js", "/dashboard/assets/alarm_text-nrFKqt0Q.js", "/dashboard/assets/alarms-0ZbJcoYZ.js", "/dashboard/assets/alarms-DO7WmWdb.js", "/dashboard/assets/answers-CSeFKIDS.css", "/dashboard/assets/base-Def-FDEg.js", "/dashboard/assets/chart-BZAxuRo4.js", "/dashboard/assets/chart-CnsZ1jie.css", "/dashboard/assets/chart_panel-DriQ1TTM.js", "/dashboard/assets/choice-B0_Jb0A3.js", "/dashboard/assets/choice-DrVc_YLS.js", "/dashboard/assets/chosen_note-CxUHxpkE.js", "/dashboard/assets/colours-B2-ryp49.js", "/dashboard/assets/connect-CnfTUDdC.js", "/dashboard/assets/connect_sensor--TZl5d76.css", "/dashboard/assets/connect_sensor-CxZdr3x4.js", "/dashboard/assets/cooperative-CMW0gWgj.js", "/dashboard/assets/cooperative-CgaaiFdv.js", "/dashboard/assets/coordinates_text-DcvtDBE8.js", "/dashboard/assets/date_range-DcQYua7o.js", "/dashboard/assets/delete_record-D7kwgv37.js", "/dashboard/assets/deliveries-DkXJtNTt.js", "/dashboard/assets/dist-BsbcV6pe.js", "/dashboard/assets/doubt_cards-D2x3mFya.js", "/dashboard/assets/doubt_cards-XgQW09F7.js", "/dashboard/assets/draw_map-DwhzJXpe.js", "/dashboard/assets/draw_tool-Cmqbxd3L.js", "/dashboard/assets/drawn_prescription-rO_jGy8S.js", "/dashboard/assets/drawn_zones_model-Ddw61viV.js", "/dashboard/assets/drop_file-Bs-Lww3C.js", "/dashboard/assets/duty-C_eP9WgB.css", "/dashboard/assets/duty-DHoqL6aZ.js", "/dashboard/assets/element_of-DMny11RL.js", "/dashboard/assets/empty-C7TXqalo.js", "/dashboard/assets/energy-B9mk1B7-.js", "/dashboard/assets/energy_panel-BtHE8OYk.js", "/dashboard/assets/esm-Xkf8mv-x.js", "/dashboard/assets/facts-Cd6LHjzF.js", "/dashboard/assets/farm-CjPmDR4b.js", "/dashboard/assets/farm-Csxs9CQW.js", "/dashboard/assets/farm_map-DC-QV5SX.js", "/dashboard/assets/field-6N_ss3Cr.js", "/dashboard/assets/field-BFZUs8N-.js", "/dashboard/assets/field-BXJSmzy5.css", "/dashboard/assets/field_map-24U__ees.js", "/dashboard/assets/field_pass-DQmqx1jA.js", "/dashboard/assets/field_planning-DPMSx8KP.js", "/dashboard/assets/field_planning-DSdP1szN.css", "/dashboard/assets/field_weather-DUHekIhJ.js", "/dashboard/assets/field_work-DOwOmB9V.js", "/dashboard/assets/fields-DpgPazcY.js", "/dashboard/assets/file_button-BpDQbdZN.js", "/dashboard/assets/file_button-Bw2WcCaW.css", "/dashboard/assets/file_button-DA7ojYfu.js", "/dashboard/assets/files-BJnE_c4k.js", "/dashboard/assets/finding_text-B05dEm_K.js", "/dashboard/assets/first-BXuI5IeP.css", "/dashboard/assets/first-C83tN0hg.js", "/dashboard/assets/forecast_basis-Da9jDupN.js", "/dashboard/assets/forecast_providers-B6yQdbK9.js", "/dashboard/assets/forecast_source-peg-qZWN.js", "/dashboard/assets/form-B2wG5A3f.js", "/dashboard/assets/form_state-5bkV9-jt.js", "/dashboard/assets/gateway_rules-BTooGos2.js", "/dashboard/assets/greenhouse-C9-aclVs.js", "/dashboard/assets/greenhouse-DMBLZHEv.css", "/dashboard/assets/greenhouse-DUEv-eyg.js", "/dashboard/assets/grid_map-B4A94tHK.js", "/dashboard/assets/harvest-WCfBnFEe.js", "/dashboard/assets/harvest_import-V9XA1LzX.js", "/dashboard/assets/health-CJVthcKg.js", "/dashboard/assets/health-U04Zm_sY.js", "/dashboard/assets/house_answers-Db2zEB49.js", "/dashboard/assets/house_tabs-dfTrOCI4.js", "/dashboard/assets/imports_panel-Bc_UzQ_o.css", "/dashboard/assets/imports_panel-CXPywQu8.js", "/dashboard/assets/index-DLUGUYfU.js", "/dashboard/assets/interval_mark-CtMjd_Rm.js", "/dashboard/assets/kept_records-qtgIPTJF.js", "/dashboard/assets/kind_icon-Bo3QUHMB.js", "/dashboard/assets/layout_map-DoJDcGom.js", "/dashboard/assets/legend-B_rZ2c7B.js", "/dashboard/assets/map-BPvGsPOT.js", "/dashboard/assets/map-DSXItoyy.css", "/dashboard/assets/map_legend-CoqfFzoz.js", "/dashboard/assets/map_sources-CrHvCG7o.js", "/dashboard/assets/map_sources-CzxfG36v.js", "/dashboard/assets/map_tiles-lz3PSTk6.js", "/dashboard/assets/map_view-BJWGKWJi.js", "/dashboard/assets/maplibre-gl-v2DyA9Z1.js", "/dashboard/assets/maplibre-gl-worker-CZtFQQIV.mjs", "/dashboard/assets/message_fields-D6fj3Ivk.js", "/dashboard/assets/money-DlUsNY-8.js", "/dashboard/assets/next_hours-qrkz-IjN.js", "/dashboard/assets/note_form-sOhlNlUr.js", "/dashboard/assets/note_list-BpILujjZ.js", "/dashboard/assets/notes-8MvXMI3N.js", "/dashboard/assets/notes-B2TpFBPd.css", "/dashboard/assets/notes_panel-CDfYZhBA.js", "/dashboard/assets/number_choice-Coe7lACN.js", "/dashboard/assets/one_rate_prescription-CaGVSK2L.js", "/dashboard/assets/outline_model-C_nybP63.js", "/dashboard/assets/own-6vfB2Y5R.js", "/dashboard/assets/own-DalEiqHh.js", "/dashboard/assets/own_hosts-Cizvn0-x.js", "/dashboard/assets/owner_field-BD-Izd7m.js", "/dashboard/assets/people-BcLgpI2p.js", "/dashboard/assets/people_list-7UOVKXl1.js", "/dashboard/assets/people_list-C2nNDfIq.js", "/dashboard/assets/person_data-d4VcSCZP.js", "/dashboard/assets/person_data-fED89N5t.js", "/dashboard/assets/person_form-C1semOqy.js", "/dashboard/assets/person_form-CBkQoo0j.js", "/dashboard/assets/person_page-ByL5JMHD.js", "/dashboard/assets/places-C0CfrBnl.js", "/dashboard/assets/places-CkIr4Oen.js", "/dashboard/assets/points_prescription-zBjZSgob.js", "/dashboard/assets/prescription_fields-7j1r6ROh.js", "/dashboard/assets/progress-DfwhgGjH.js", "/dashboard/assets/push-Bups2kJZ.js", "/dashboard/assets/quantity_search-CKE8ZGYg.js", "/dashboard/assets/recall-DcOlo9ce.js", "/dashboard/assets/records-BfxpKGfc.js", "/dashboard/assets/records-BwFZPpZR.js", "/dashboard/assets/records-Da7S8c4i.js", "/dashboard/assets/report_links-CiOlOHqJ.js", "/dashboard/assets/row_rest-Bm5pgFXh.js", "/dashboard/assets/season_period-DJCy4_TX.js", "/dashboard/assets/senders-DuTB4F6-.js", "/dashboard/assets/sensors-CFkfIrWl.js", "/dashboard/assets/set_active-DilWyg3j.js", "/dashboard/assets/settings-CLaqVdSg.js", "/dashboard/assets/settings-CctX6abH.js", "/dashboard/assets/settings-aoM-nqTc.css", "/dashboard/assets/shown_quantities-nanEPu3q.js", "/dashboard/assets/simulated-5om3XNap.js", "/dashboard/assets/site_link-ClJvXllG.js", "/dashboard/assets/stability-DxEv83U3.js", "/dashboard/assets/statement_card-BsA9g69v.js", "/dashboard/assets/style-D8cCjQN0.css", "/dashboard/assets/subject_notes-CV_1_jlg.js", "/dashboard/assets/table-B3Ir7F6X.css", "/dashboard/assets/table-Bm-8V_dk.js", "/dashboard/assets/table_import-gweCgvwk.js", "/dashboard/assets/tapped_place-DBw5UZpW.js", "/dashboard/assets/task-C1c6chvy.js", "/dashboard/assets/tonight_text-BPAJShYp.js", "/dashboard/assets/treatments_panel-BndqcUi8.js", "/dashboard/assets/treatments_panel-CMQu5P7v.js", "/dashboard/assets/trial_form-CEr3vp9Z.js", "/dashboard/assets/trials_panel-D7jmN6js.js", "/dashboard/assets/trials_panel-DIMjNUgA.css", "/dashboard/assets/value_tile-DC5NEfRX.js", "/dashboard/assets/water_panel-DHIK7e9d.js", "/dashboard/assets/weather-tADyCBhV.js", "/dashboard/assets/weather_panel-A5trMhZ9.js", "/dashboard/assets/whose-CdjSfCWZ.js", "/dashboard/assets/wind_mark-DZXR4H4v.js", "/dashboard/assets/yield_panel-D-PL5Edh.css", "/dashboard/assets/yield_panel-DIf3UJ66.js", "/dashboard/assets/yields-BnK4GLnF.js", "/dashboard/assets/zone_colours-DDycly6X.js", "/dashboard/assets/zone_key-DTXbeIXL.js", "/dashboard/headland.svg", "/dashboard/icon-192.png", "/dashboard/icon-512.png", "/dashboard/icon-maskable-512.png", "/dashboard/manifest.webmanifest"];
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
