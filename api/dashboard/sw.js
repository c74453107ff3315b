// Service worker: the page opens without a network, with the last answers of the station, each marked with the time it was received.
// `vite.config.ts` puts the names of the built files in. Nothing here asks another host.

const VERSION = "d8d794639ccd";
const FILES = ["/dashboard/assets/accounts-DwRSE9mR.js", "/dashboard/assets/against_applied-BOLROHdS.js", "/dashboard/assets/alarm_text-BZqEwPub.js", "/dashboard/assets/alarms-BvS4MHIa.js", "/dashboard/assets/alarms-D8mazxml.js", "/dashboard/assets/base-DuHEEpxt.js", "/dashboard/assets/chart-Bsy0Urag.js", "/dashboard/assets/chart-CnsZ1jie.css", "/dashboard/assets/chart_panel-CSeFKIDS.css", "/dashboard/assets/chart_panel-moQRTnTf.js", "/dashboard/assets/choice-B2nDFS82.js", "/dashboard/assets/choice-YPNJZTt_.js", "/dashboard/assets/chosen_note-hJRqeLfT.js", "/dashboard/assets/connect-8iRu6qrn.js", "/dashboard/assets/cooperative-BstTTAw-.js", "/dashboard/assets/cooperative-CCMPO7yc.js", "/dashboard/assets/coordinates_text-B5v56lhm.js", "/dashboard/assets/date_range-CCRt_9NE.js", "/dashboard/assets/delete_record--YBwVcxy.js", "/dashboard/assets/deliveries-BlyUy0cK.js", "/dashboard/assets/dist-BsbcV6pe.js", "/dashboard/assets/doubt_cards-JFykeurI.js", "/dashboard/assets/doubt_cards-z93-zRr2.js", "/dashboard/assets/draw_map-DIvDMukU.js", "/dashboard/assets/draw_tool-CTINXvMI.js", "/dashboard/assets/drawn_prescription-kNLDvs4B.js", "/dashboard/assets/drawn_zones_model-CpuRzrsC.js", "/dashboard/assets/drop_file-PDdbBT9w.js", "/dashboard/assets/duty-BLMdXEZO.js", "/dashboard/assets/duty-C_eP9WgB.css", "/dashboard/assets/element_of-DFOdctjH.js", "/dashboard/assets/empty-C8aO2ZY3.js", "/dashboard/assets/energy-Besfmdq6.js", "/dashboard/assets/energy_panel-COoiQqXH.js", "/dashboard/assets/esm-Xkf8mv-x.js", "/dashboard/assets/facts-BV8edlm9.js", "/dashboard/assets/farm-BPyY988C.js", "/dashboard/assets/farm-DjosoNHe.js", "/dashboard/assets/farm_map-14oM16VP.js", "/dashboard/assets/field-3Bl5kngs.js", "/dashboard/assets/field-BJBsprci.js", "/dashboard/assets/field-BXJSmzy5.css", "/dashboard/assets/field_map-BfHYPPRv.js", "/dashboard/assets/field_pass-Cr1YTdNM.js", "/dashboard/assets/field_planning-DSdP1szN.css", "/dashboard/assets/field_planning-mLyOJn-2.js", "/dashboard/assets/field_weather-Cp_jZvO6.js", "/dashboard/assets/field_work-CxDg2nic.js", "/dashboard/assets/fields-B5-ugrkK.js", "/dashboard/assets/file_button-Bw2WcCaW.css", "/dashboard/assets/file_button-CFQCQFkv.js", "/dashboard/assets/file_button-DYIO6acV.js", "/dashboard/assets/files-BJnE_c4k.js", "/dashboard/assets/finding_text-DH9X8pro.js", "/dashboard/assets/first-BXuI5IeP.css", "/dashboard/assets/first-DEkzd7Kx.js", "/dashboard/assets/forecast_basis-ihtf46_s.js", "/dashboard/assets/forecast_providers-L_5UVNzq.js", "/dashboard/assets/forecast_source-BGMBuhl6.js", "/dashboard/assets/form-_ZkJZkuR.js", "/dashboard/assets/form_state-B66aI2aN.js", "/dashboard/assets/gateway_rules-D7W-0t8J.js", "/dashboard/assets/greenhouse-Cvq4OrXI.js", "/dashboard/assets/greenhouse-DMBLZHEv.css", "/dashboard/assets/greenhouse-DqW11HUb.js", "/dashboard/assets/grid_map-C4q0bb3W.js", "/dashboard/assets/harvest-FY46IziO.js", "/dashboard/assets/harvest_import-Ds5GW1dj.js", "/dashboard/assets/health-Dg5YyyCY.js", "/dashboard/assets/health-DldGBHvy.js", "/dashboard/assets/house_answers-ZGMWhWL9.js", "/dashboard/assets/house_tabs-DEieBzw0.js", "/dashboard/assets/imports_panel-Bc_UzQ_o.css", "/dashboard/assets/imports_panel-CfPHqj4K.js", "/dashboard/assets/index-PXBtHAss.js", "/dashboard/assets/interval_mark-fpwlfZk5.js", "/dashboard/assets/kept_records-DUFe8HTw.js", "/dashboard/assets/kind_icon-OdsmzVEI.js", "/dashboard/assets/layout_map-YSQud1dh.js", "/dashboard/assets/map-Cmvw1pGT.css", "/dashboard/assets/map-DteiUlnV.js", "/dashboard/assets/map_sources-Cr0xo1M7.js", "/dashboard/assets/map_sources-NotAJwa6.js", "/dashboard/assets/map_view-CgRYRC_7.js", "/dashboard/assets/maplibre-gl-BEubrH86.js", "/dashboard/assets/maplibre-gl-worker-CZtFQQIV.mjs", "/dashboard/assets/message_fields--MEL4GOw.js", "/dashboard/assets/money-C0IIs6EZ.js", "/dashboard/assets/next_hours-CdyMdm-7.js", "/dashboard/assets/note_form-C5p1ObG0.js", "/dashboard/assets/note_list-BgomyDkD.js", "/dashboard/assets/notes-B2TpFBPd.css", "/dashboard/assets/notes-BDAkpAYX.js", "/dashboard/assets/notes_panel-BF0x7aiE.js", "/dashboard/assets/number_choice-D6KAL_Qf.js", "/dashboard/assets/one_rate_prescription-huZrP4hO.js", "/dashboard/assets/outline_model-CWSQ4L9z.js", "/dashboard/assets/own-BE6NxLTH.js", "/dashboard/assets/own-BoZkUgi9.js", "/dashboard/assets/owner_field-CB6AjDIr.js", "/dashboard/assets/palette-BB0cc5aC.js", "/dashboard/assets/people-yWW1NWWk.js", "/dashboard/assets/people_list-B46_bT2h.js", "/dashboard/assets/people_list-BfLgKem_.js", "/dashboard/assets/person_data-Ce2EStq_.js", "/dashboard/assets/person_data-FWQ33Mj0.js", "/dashboard/assets/person_form-BzrKa7e0.js", "/dashboard/assets/person_form-pSmr7N68.js", "/dashboard/assets/person_page-BLwk0O0L.js", "/dashboard/assets/places-C9xE5df8.js", "/dashboard/assets/places-TRaSTNan.js", "/dashboard/assets/points_prescription-5E5XaM56.js", "/dashboard/assets/prescription_fields-DqTZr8fv.js", "/dashboard/assets/progress-DbRfFQ6e.js", "/dashboard/assets/push-D-KbJcdA.js", "/dashboard/assets/quantity_search-BCsCZNDg.js", "/dashboard/assets/recall-esDT9q5C.js", "/dashboard/assets/records-CQ5hO4mF.js", "/dashboard/assets/records-DmMJgOge.js", "/dashboard/assets/records-R_F64ObW.js", "/dashboard/assets/report_links-DISqPPX5.js", "/dashboard/assets/row_rest-BdX9Zpma.js", "/dashboard/assets/season_period-Ba8n4Sgk.js", "/dashboard/assets/set_active-o4FeGfjL.js", "/dashboard/assets/settings-BgoqaGgf.js", "/dashboard/assets/settings-JGPlVaHG.js", "/dashboard/assets/settings-aoM-nqTc.css", "/dashboard/assets/shown_quantities-nanEPu3q.js", "/dashboard/assets/simulated-B2zNhn4g.js", "/dashboard/assets/site_link-BXz4paCN.js", "/dashboard/assets/stability-MNSdfFrr.js", "/dashboard/assets/statement_card-Bybt1F1z.js", "/dashboard/assets/style-D8cCjQN0.css", "/dashboard/assets/subject_notes--r3ZbpEo.js", "/dashboard/assets/table-B3Ir7F6X.css", "/dashboard/assets/table-BbX3VLkp.js", "/dashboard/assets/table_import-B9mbY79P.js", "/dashboard/assets/tapped_place-D-R9ghRF.js", "/dashboard/assets/task-ChatH-Ur.js", "/dashboard/assets/tonight_text-BOg2CbQl.js", "/dashboard/assets/treatments_panel-BygaPDj4.js", "/dashboard/assets/treatments_panel-RByxIycL.js", "/dashboard/assets/trial_form-BspD-ZnY.js", "/dashboard/assets/trials_panel-CLe4DyDW.js", "/dashboard/assets/trials_panel-DIMjNUgA.css", "/dashboard/assets/value_tile-C7PEz7EX.js", "/dashboard/assets/water_panel-Cpzp8mcJ.js", "/dashboard/assets/weather-D6TiD4Pm.js", "/dashboard/assets/weather_panel-PAZawiTz.js", "/dashboard/assets/whose-BfnV4X4L.js", "/dashboard/assets/wind_mark-CgzGPuZe.js", "/dashboard/assets/yield_panel-D-PL5Edh.css", "/dashboard/assets/yield_panel-R4AP99rM.js", "/dashboard/assets/yields-QV9jgX0P.js", "/dashboard/assets/zone_colours-DfNyLG9A.js", "/dashboard/assets/zone_key-0YRnwtix.js", "/dashboard/headland.svg", "/dashboard/icon-192.png", "/dashboard/icon-512.png", "/dashboard/icon-maskable-512.png", "/dashboard/manifest.webmanifest"];
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
