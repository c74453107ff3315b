// Service worker: the page opens without a network, with the last answers of the station, each marked with the time it was received.
// `vite.config.ts` puts the names of the built files in. Nothing here asks another host.

const VERSION = "0f66868dfbe1";
const FILES = ["/dashboard/assets/accounts-BbOrOi6k.js", "/dashboard/assets/against_applied-DyHEESuh.js", "/dashboard/assets/alarms-CL2MUH_3.js", "/dashboard/assets/base-CKu02Dut.js", "/dashboard/assets/chart-Cd2hNRlW.js", "/dashboard/assets/chart-CnsZ1jie.css", "/dashboard/assets/chart_panel-CSeFKIDS.css", "/dashboard/assets/chart_panel-R7NUs1yH.js", "/dashboard/assets/choice-B2nDFS82.js", "/dashboard/assets/choice-DU0b00fb.js", "/dashboard/assets/chosen_note-QXMd7kAa.js", "/dashboard/assets/cooperative-BBUL72da.js", "/dashboard/assets/cooperative-BsXJa5Lr.js", "/dashboard/assets/date_range-DAZMPTDN.js", "/dashboard/assets/delete_record-RumI7PVC.js", "/dashboard/assets/deliveries-Dyb1q-Nx.js", "/dashboard/assets/dist-BsbcV6pe.js", "/dashboard/assets/doubt_cards-BRVEEdFX.js", "/dashboard/assets/doubt_cards-X2Eqjqks.js", "/dashboard/assets/draw_tool-BlzvfKt1.js", "/dashboard/assets/drawn_prescription-BfbkB-mW.js", "/dashboard/assets/drawn_zones_model-Cp6hlBQa.js", "/dashboard/assets/drop_file-Bo6p3YUS.js", "/dashboard/assets/duty-C_eP9WgB.css", "/dashboard/assets/duty-LjsQG02a.js", "/dashboard/assets/esm-Xkf8mv-x.js", "/dashboard/assets/facts-BX0rWsBW.js", "/dashboard/assets/farm_map-Bj9eQqDS.js", "/dashboard/assets/field-B5UY7mts.css", "/dashboard/assets/field-BLb1GBLN.js", "/dashboard/assets/field-DWDWNg1O.js", "/dashboard/assets/field_map-BeWLSSeW.js", "/dashboard/assets/field_weather-_NUOLRK3.js", "/dashboard/assets/field_work-CkPAGlb_.js", "/dashboard/assets/fields-DjCqAibs.js", "/dashboard/assets/file_button-Bw2WcCaW.css", "/dashboard/assets/file_button-Snt9Fx0u.js", "/dashboard/assets/file_button-gV3Zecdn.js", "/dashboard/assets/files-5uNqeW9Z.js", "/dashboard/assets/first-Cf7HgGZ2.js", "/dashboard/assets/first-DJ3TVqTz.css", "/dashboard/assets/forecast_basis-jpsIEuiM.js", "/dashboard/assets/forecast_providers-D3M6eBSO.js", "/dashboard/assets/forecast_source-DK9dXMVe.js", "/dashboard/assets/form-DLh-zMQN.js", "/dashboard/assets/gateway_rules-CmEdXjFE.js", "/dashboard/assets/greenhouse-DD5qxpPD.js", "/dashboard/assets/greenhouse-DhTpH97h.css", "/dashboard/assets/greenhouse-Ueh8ChFR.js", "/dashboard/assets/grid_map-Bfh7GyGa.js", "/dashboard/assets/harvest-82lGRhvK.js", "/dashboard/assets/harvest_import-_M5yJ-MS.js", "/dashboard/assets/health-D09QJ-X5.js", "/dashboard/assets/health-nurL0CZJ.js", "/dashboard/assets/house_answers-DvQLf62v.js", "/dashboard/assets/house_tabs-Cc0p3Tvo.js", "/dashboard/assets/imports_panel-Bc_UzQ_o.css", "/dashboard/assets/imports_panel-y2oTpJ7v.js", "/dashboard/assets/index-StDThOjq.js", "/dashboard/assets/interval_mark-BH-RMbnb.js", "/dashboard/assets/kept_records-lVjnZ8Tn.js", "/dashboard/assets/layout_map-pSn-91-F.js", "/dashboard/assets/map-BXC8rbrE.css", "/dashboard/assets/map-jnk6Z-Bp.js", "/dashboard/assets/maplibre-gl-worker-CZtFQQIV.mjs", "/dashboard/assets/money-BazIqqw1.js", "/dashboard/assets/next_hours-Devlha8X.js", "/dashboard/assets/note_form-BHALMB32.js", "/dashboard/assets/note_list-BzVyMktd.js", "/dashboard/assets/notes-B2TpFBPd.css", "/dashboard/assets/notes-D1po2wkG.js", "/dashboard/assets/notes_panel-5IZ4MnmP.js", "/dashboard/assets/number_choice-B4oKrbbe.js", "/dashboard/assets/one_rate_prescription-lRQY0JN9.js", "/dashboard/assets/outline_model-CT3zlms1.js", "/dashboard/assets/own-1WWKDlik.js", "/dashboard/assets/own-QrVN54aO.js", "/dashboard/assets/people-Cy0Ejnja.js", "/dashboard/assets/person_data-Cr1dNlB4.js", "/dashboard/assets/person_data-udbCuzjp.js", "/dashboard/assets/person_form-BCi-xh1Z.js", "/dashboard/assets/person_form-BYElMI7I.js", "/dashboard/assets/person_record-BZD-wFLB.js", "/dashboard/assets/points_prescription-DVV2B5Jx.js", "/dashboard/assets/prescription_fields-BQ6hv81b.js", "/dashboard/assets/push-DgLwDeOi.js", "/dashboard/assets/recall-brC119rV.js", "/dashboard/assets/records-4MCemnbJ.js", "/dashboard/assets/records-CHE9s1eF.js", "/dashboard/assets/records-CdHvNz-M.js", "/dashboard/assets/report_links-BOFf-xX-.js", "/dashboard/assets/season_period-C-7hE0mP.js", "/dashboard/assets/set_active-CDgVcr4H.js", "/dashboard/assets/settings-BMhWBbEs.js", "/dashboard/assets/settings-DPaWnhvM.js", "/dashboard/assets/settings-aoM-nqTc.css", "/dashboard/assets/site_link-BAS49PgI.js", "/dashboard/assets/stability-B9gesNuJ.js", "/dashboard/assets/style-CSRhcd3m.css", "/dashboard/assets/subject_notes-Dr-qNjAf.js", "/dashboard/assets/table_import-BgmzdbCy.js", "/dashboard/assets/tabs-B_YZ9k43.js", "/dashboard/assets/tapped_place-CgVftPoD.js", "/dashboard/assets/treatments_panel-BDeizn2A.js", "/dashboard/assets/treatments_panel-DKXc6UC5.js", "/dashboard/assets/trial_form-Brs_JL1j.js", "/dashboard/assets/trials_panel-DIMjNUgA.css", "/dashboard/assets/trials_panel-yEDYqHHq.js", "/dashboard/assets/water_panel-kkkGWNuI.js", "/dashboard/assets/weather-Zpm7yrwf.js", "/dashboard/assets/weather_panel-CfCfuAYu.js", "/dashboard/assets/wind_mark-X6ZHsDZU.js", "/dashboard/assets/yield_panel-D-PL5Edh.css", "/dashboard/assets/yield_panel-DuVe-uo6.js", "/dashboard/assets/yields-jMZza-L3.js", "/dashboard/assets/zone_colours-DKY-6RIL.js", "/dashboard/assets/zone_key-eB_Js1OR.js", "/dashboard/headland.svg", "/dashboard/icon-192.png", "/dashboard/icon-512.png", "/dashboard/icon-maskable-512.png", "/dashboard/manifest.webmanifest"];
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
