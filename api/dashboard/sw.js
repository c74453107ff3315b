// Service worker: the page opens without a network, with the last answers of the station, each marked with the time it was received.
// `vite.config.ts` puts the names of the built files in. Nothing here asks another host.

const VERSION = "42bda50295d2";
const FILES = ["/dashboard/assets/accounts-CX0r-H9Z.js", "/dashboard/assets/against_applied-Dc_HVukr.js", "/dashboard/assets/alarm_text-BGmWjG2T.js", "/dashboard/assets/alarms-D7uzaz3j.js", "/dashboard/assets/alarms-Z6UtT2na.js", "/dashboard/assets/base-CjMMj7KG.js", "/dashboard/assets/chart-CnsZ1jie.css", "/dashboard/assets/chart-EHC5sVGF.js", "/dashboard/assets/chart_panel-BbSnrDMh.js", "/dashboard/assets/chart_panel-CSeFKIDS.css", "/dashboard/assets/choice-B2nDFS82.js", "/dashboard/assets/choice-Crz-AeDZ.js", "/dashboard/assets/chosen_note-DMuc_amF.js", "/dashboard/assets/cooperative-C_5ZMeDv.js", "/dashboard/assets/cooperative-DNYvMO8D.js", "/dashboard/assets/coordinates_text-DX32UGza.js", "/dashboard/assets/date_range-cP7yI7C_.js", "/dashboard/assets/delete_record-D6jeBfb1.js", "/dashboard/assets/deliveries-erZhMEhr.js", "/dashboard/assets/device_card-BPfg7ml3.js", "/dashboard/assets/dist-BsbcV6pe.js", "/dashboard/assets/doubt_cards-BR1NJHdO.js", "/dashboard/assets/doubt_cards-CZ6Jct4R.js", "/dashboard/assets/draw_map-C5ASOB-j.js", "/dashboard/assets/draw_tool-BI8VXDcW.js", "/dashboard/assets/drawn_prescription-CYY-8fNd.js", "/dashboard/assets/drawn_zones_model-Dmy37XvW.js", "/dashboard/assets/drop_file-HVp8DDYg.js", "/dashboard/assets/duty-BcQ-9hSn.js", "/dashboard/assets/duty-C_eP9WgB.css", "/dashboard/assets/empty-ClIHysN_.js", "/dashboard/assets/esm-Xkf8mv-x.js", "/dashboard/assets/facts-BoXlZlu7.js", "/dashboard/assets/farm-Br3GTfNa.js", "/dashboard/assets/farm-idRrUaCG.js", "/dashboard/assets/farm_map-BPiwb847.js", "/dashboard/assets/field-Bf9DeP6H.css", "/dashboard/assets/field-CnlnFcIz.js", "/dashboard/assets/field-DrD4S5LP.js", "/dashboard/assets/field_map-DSVY51bU.js", "/dashboard/assets/field_pass-SCUx92Qk.js", "/dashboard/assets/field_planning-DSdP1szN.css", "/dashboard/assets/field_planning-HGQDtuog.js", "/dashboard/assets/field_weather-Tc85nmwp.js", "/dashboard/assets/field_work-Ds2sYABU.js", "/dashboard/assets/fields-DAq8f1Bd.js", "/dashboard/assets/file_button-Bw2WcCaW.css", "/dashboard/assets/file_button-M7SY3_fd.js", "/dashboard/assets/file_button-pTZ1H0E_.js", "/dashboard/assets/files-CkIKkadP.js", "/dashboard/assets/finding_text-CNzhsyjO.js", "/dashboard/assets/first-BXuI5IeP.css", "/dashboard/assets/first-Dqc2bAIR.js", "/dashboard/assets/forecast_basis-BjnY0pdm.js", "/dashboard/assets/forecast_providers-VAyn5nxr.js", "/dashboard/assets/forecast_source-B29dOnM7.js", "/dashboard/assets/form-BSTN4b4k.js", "/dashboard/assets/gateway_rules-BaPaUiHi.js", "/dashboard/assets/greenhouse-BdMuBgFP.js", "/dashboard/assets/greenhouse-DMBLZHEv.css", "/dashboard/assets/greenhouse-J-UL5ONf.js", "/dashboard/assets/grid_map-CiVw9yrB.js", "/dashboard/assets/harvest-B2pPCsjE.js", "/dashboard/assets/harvest_import-Cn-oRg_2.js", "/dashboard/assets/health-CU1P0EsZ.js", "/dashboard/assets/health-Cd7ZPbVB.js", "/dashboard/assets/house_answers-BCfX8CFe.js", "/dashboard/assets/house_tabs-CGH4q0F8.js", "/dashboard/assets/imports_panel-BFkygsxW.js", "/dashboard/assets/imports_panel-Bc_UzQ_o.css", "/dashboard/assets/index-xnje9FJz.js", "/dashboard/assets/interval_mark-C5gAgpW_.js", "/dashboard/assets/kept_records-DZJdSYmz.js", "/dashboard/assets/layout_map-B2PchRU7.js", "/dashboard/assets/map-Co8QMSDx.js", "/dashboard/assets/map-vGQmxOwv.css", "/dashboard/assets/map_view-DXkSUais.js", "/dashboard/assets/maplibre-gl-worker-CZtFQQIV.mjs", "/dashboard/assets/money-CocGjnAq.js", "/dashboard/assets/next_hours-BH0Ri84o.js", "/dashboard/assets/note_form-CwasAXrQ.js", "/dashboard/assets/note_list-CrrzrcuM.js", "/dashboard/assets/notes-9PAK-AXQ.js", "/dashboard/assets/notes-B2TpFBPd.css", "/dashboard/assets/notes_panel-BkEeY9SC.js", "/dashboard/assets/number_choice-DoJiuGZS.js", "/dashboard/assets/one_rate_prescription-BUTq9SVE.js", "/dashboard/assets/outline_model-BLQ7VA6k.js", "/dashboard/assets/own-BXCifGin.js", "/dashboard/assets/own-Jupo3k0A.js", "/dashboard/assets/owner_field-DXogtPaz.js", "/dashboard/assets/people-B_dETRSx.js", "/dashboard/assets/people_list-OY0CAiTM.js", "/dashboard/assets/people_list-VVn14u9G.js", "/dashboard/assets/person_data-CNHiyFaM.js", "/dashboard/assets/person_data-DXs38pr-.js", "/dashboard/assets/person_form-CLJGIeLV.js", "/dashboard/assets/person_form-xkk-_S4F.js", "/dashboard/assets/person_page-CFkrtP8p.js", "/dashboard/assets/places-C6Y5Ll1J.js", "/dashboard/assets/places-D4mAEDWf.js", "/dashboard/assets/points_prescription-CNzXUpMy.js", "/dashboard/assets/prescription_fields-Cfbf7deV.js", "/dashboard/assets/progress-DPnfUeYj.js", "/dashboard/assets/push-CYp1IlED.js", "/dashboard/assets/recall-BXqizMIZ.js", "/dashboard/assets/records-DSp2mCxi.js", "/dashboard/assets/records-DbS6T85w.js", "/dashboard/assets/records-Is4L5vQt.js", "/dashboard/assets/report_links-DcOdu_WM.js", "/dashboard/assets/row_rest-CMIdHUib.js", "/dashboard/assets/season_period-LIVrTRqe.js", "/dashboard/assets/set_active-BpRDYU8b.js", "/dashboard/assets/settings-CL3YFlLc.js", "/dashboard/assets/settings-CllTYnOw.js", "/dashboard/assets/settings-aoM-nqTc.css", "/dashboard/assets/shown_quantities-nanEPu3q.js", "/dashboard/assets/site_link-BeMnjzWR.js", "/dashboard/assets/stability-DGNXIZF5.js", "/dashboard/assets/statement_card-CVm-dxi6.js", "/dashboard/assets/style-HYJR-e9c.css", "/dashboard/assets/subject_notes-B7Bef0Qi.js", "/dashboard/assets/table-BNDkXvyt.js", "/dashboard/assets/table-DJ3TVqTz.css", "/dashboard/assets/table_import-CwVGo2oe.js", "/dashboard/assets/tapped_place-DDFqYAk6.js", "/dashboard/assets/tonight_text-h3jkZ9Ei.js", "/dashboard/assets/treatments_panel-2s9sQQkR.js", "/dashboard/assets/treatments_panel-DjM5D9es.js", "/dashboard/assets/trial_form-CqmkuPxu.js", "/dashboard/assets/trials_panel-BxbbIxeY.js", "/dashboard/assets/trials_panel-DIMjNUgA.css", "/dashboard/assets/value_tile-DWYPuMt1.js", "/dashboard/assets/water_panel-0rz0rkAx.js", "/dashboard/assets/weather-CIApy_wp.js", "/dashboard/assets/weather_panel-CtWObdqE.js", "/dashboard/assets/whose-Cl5RD9ep.js", "/dashboard/assets/wind_mark-ChFrn2Kr.js", "/dashboard/assets/yield_panel-D-PL5Edh.css", "/dashboard/assets/yield_panel-gF26yBBj.js", "/dashboard/assets/yields-LArj8T3I.js", "/dashboard/assets/zone_colours-CUKYZ_4c.js", "/dashboard/assets/zone_key-e-4oJe-0.js", "/dashboard/headland.svg", "/dashboard/icon-192.png", "/dashboard/icon-512.png", "/dashboard/icon-maskable-512.png", "/dashboard/manifest.webmanifest"];
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
