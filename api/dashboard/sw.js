// Service worker: the page opens without a network, with the last answers of the station, each marked with the time it was received.
// `vite.config.ts` puts the names of the built files in. Nothing here asks another host.

const VERSION = "7d338f653c3d";
const FILES = ["/dashboard/assets/accounts-Bh3DRXLG.js", "/dashboard/assets/against_applied-CVzPD3DH.js", "/dashboard/assets/alarms-BoEDtCEb.js", "/dashboard/assets/band_text-CpkfTFDV.js", "/dashboard/assets/base-n7BuTWjb.js", "/dashboard/assets/chart-CnsZ1jie.css", "/dashboard/assets/chart-_qyBbNAl.js", "/dashboard/assets/choice-B2nDFS82.js", "/dashboard/assets/chosen_note-BQ4masLa.js", "/dashboard/assets/cooperative-6wBS_aM8.js", "/dashboard/assets/cooperative-BdzsUgcl.js", "/dashboard/assets/date_range-DJbAz5Az.js", "/dashboard/assets/deliveries-B6GNlGQQ.js", "/dashboard/assets/dist-BsbcV6pe.js", "/dashboard/assets/draw_tool-BEJCMBhH.js", "/dashboard/assets/drawn_prescription-KWQmahB8.js", "/dashboard/assets/drawn_zones_model-CwVUGjsB.js", "/dashboard/assets/drop_file-C4z20zIA.js", "/dashboard/assets/duty-C_eP9WgB.css", "/dashboard/assets/duty-DQ5uDmoe.js", "/dashboard/assets/esm-Xkf8mv-x.js", "/dashboard/assets/farm_map-D4d9qI9T.js", "/dashboard/assets/field-B5UY7mts.css", "/dashboard/assets/field-CVfuP75Y.js", "/dashboard/assets/field-DZjtBhYt.js", "/dashboard/assets/field_map-CU3aAWZ_.js", "/dashboard/assets/field_weather-Do7e5rHa.js", "/dashboard/assets/field_work-DHSqE3Vw.js", "/dashboard/assets/fields-cFYrVKMC.js", "/dashboard/assets/file_button-20Hms_wk.js", "/dashboard/assets/file_button-B5wi_Jyt.js", "/dashboard/assets/file_button-Bw2WcCaW.css", "/dashboard/assets/files-B7s9J9Kj.js", "/dashboard/assets/first-B1LAwVYK.js", "/dashboard/assets/first-DJ3TVqTz.css", "/dashboard/assets/form-DEJBjrun.js", "/dashboard/assets/greenhouse-BRE2PQY4.js", "/dashboard/assets/greenhouse-CCQYU37z.js", "/dashboard/assets/greenhouse-DhTpH97h.css", "/dashboard/assets/grid_map-lHqGyvXg.js", "/dashboard/assets/harvest-CMU22lDT.js", "/dashboard/assets/harvest_import-Dnyu3Rvm.js", "/dashboard/assets/health-CcfDncXl.js", "/dashboard/assets/health-TAdB4_t9.js", "/dashboard/assets/house_tabs-DHw_J7IN.js", "/dashboard/assets/imports_panel-Bc_UzQ_o.css", "/dashboard/assets/imports_panel-DJO8_pMW.js", "/dashboard/assets/index-DGZROOJN.js", "/dashboard/assets/interval_mark-B_eMn2Kv.js", "/dashboard/assets/kept_records-DNX19cTm.js", "/dashboard/assets/layout_map-Bs9YEVmD.js", "/dashboard/assets/map-BXC8rbrE.css", "/dashboard/assets/map-DDqYb6Gv.js", "/dashboard/assets/maplibre-gl-worker-CZtFQQIV.mjs", "/dashboard/assets/money-BaNLbtbS.js", "/dashboard/assets/note_form-y8xVI9Nl.js", "/dashboard/assets/note_list-Dnq_k8QU.js", "/dashboard/assets/notes-B2TpFBPd.css", "/dashboard/assets/notes-DjQeS5NS.js", "/dashboard/assets/notes_panel-BQfSTON_.js", "/dashboard/assets/one_rate_prescription-Dh21x7pR.js", "/dashboard/assets/outline_model-CRvkcJVa.js", "/dashboard/assets/own-BLOUY2hH.js", "/dashboard/assets/own-CLBYfcgq.js", "/dashboard/assets/people-DrO4VjuF.js", "/dashboard/assets/person_data-BrYZVkk0.js", "/dashboard/assets/person_data-Dmm1eNoZ.js", "/dashboard/assets/person_form-B32roVEX.js", "/dashboard/assets/person_form-DgCK2o0r.js", "/dashboard/assets/person_record-Du34tCRQ.js", "/dashboard/assets/points_prescription-TpuFm94-.js", "/dashboard/assets/prescription_fields-Dv9aK_Iv.js", "/dashboard/assets/push-pXWtaTqK.js", "/dashboard/assets/recall-BRrdiHOU.js", "/dashboard/assets/records-BhC1YWl-.js", "/dashboard/assets/records-D3XNCpNT.js", "/dashboard/assets/records-lIKQfclI.js", "/dashboard/assets/report_links-puhCQQuX.js", "/dashboard/assets/season_period-BAHlx17P.js", "/dashboard/assets/set_active-CZx1BERa.js", "/dashboard/assets/settings-BwvGkJf8.js", "/dashboard/assets/settings-C64HcWfI.js", "/dashboard/assets/settings-aoM-nqTc.css", "/dashboard/assets/stability-CUozgHYX.js", "/dashboard/assets/style--P5ktQ2A.css", "/dashboard/assets/subject_notes-BbpDIVuF.js", "/dashboard/assets/table_import-D63ii09a.js", "/dashboard/assets/tabs-B97R_SRX.js", "/dashboard/assets/tapped_place-BJBfAvak.js", "/dashboard/assets/treatments_panel-BC9ijUNg.js", "/dashboard/assets/treatments_panel-CPs3p7d3.js", "/dashboard/assets/trial_form-Cp1EdtPy.js", "/dashboard/assets/trials_panel-DIMjNUgA.css", "/dashboard/assets/trials_panel-Dol9OKVW.js", "/dashboard/assets/weather_panel-BniOjES6.css", "/dashboard/assets/weather_panel-tO8kubPB.js", "/dashboard/assets/wind_mark-BPN4Fgs3.js", "/dashboard/assets/yield_panel-7HQo1bgh.js", "/dashboard/assets/yield_panel-D-PL5Edh.css", "/dashboard/assets/yields-DLCPxfeb.js", "/dashboard/assets/zone_colours-CXYMQUJ0.js", "/dashboard/assets/zone_key-CK1ee6_o.js", "/dashboard/headland.svg", "/dashboard/icon-192.png", "/dashboard/icon-512.png", "/dashboard/icon-maskable-512.png", "/dashboard/manifest.webmanifest"];
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
