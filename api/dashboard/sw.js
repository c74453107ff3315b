// Service worker: the page opens without a network, with the last answers of the station, each marked with the time it was received.
// `vite.config.ts` puts the names of the built files in. Nothing here asks another host.

const VERSION = "1edec343f042";
const FILES = ["/dashboard/assets/accounts-BSAC2yiN.js", "/dashboard/assets/against_applied-BlsTRRUI.js", "/dashboard/assets/alarms-C4l9VoEM.js", "/dashboard/assets/band_text-CG4vvYCg.js", "/dashboard/assets/base-DXUIXu3q.js", "/dashboard/assets/chart-6BbdlF-P.js", "/dashboard/assets/chart-CnsZ1jie.css", "/dashboard/assets/choice-B2nDFS82.js", "/dashboard/assets/chosen_note-BhSEAR9D.js", "/dashboard/assets/cooperative-CHBD_hEH.js", "/dashboard/assets/cooperative-CoJVfrjH.js", "/dashboard/assets/date_range-wSilhnRY.js", "/dashboard/assets/deliveries-Da1DXowu.js", "/dashboard/assets/dist-BsbcV6pe.js", "/dashboard/assets/draw_tool-DNY7-om1.js", "/dashboard/assets/drawn_prescription-BEAf3UUV.js", "/dashboard/assets/drawn_zones_model-DgroE61Q.js", "/dashboard/assets/drop_file-BydVouRO.js", "/dashboard/assets/duty-CAv0tnip.js", "/dashboard/assets/duty-C_eP9WgB.css", "/dashboard/assets/esm-Xkf8mv-x.js", "/dashboard/assets/farm_map-DWlUdk4r.js", "/dashboard/assets/field-B5UY7mts.css", "/dashboard/assets/field-Bi-R1mo7.js", "/dashboard/assets/field-DPmtQ292.js", "/dashboard/assets/field_map-Clxp3f8h.js", "/dashboard/assets/field_weather-BMPQO3ZI.js", "/dashboard/assets/field_work-B8ml-SlM.js", "/dashboard/assets/fields-_ZeAeSRS.js", "/dashboard/assets/file_button-Bw2WcCaW.css", "/dashboard/assets/file_button-C00nvfvk.js", "/dashboard/assets/file_button-GSCWvoM4.js", "/dashboard/assets/files-DI5bVfkD.js", "/dashboard/assets/first-DJ3TVqTz.css", "/dashboard/assets/first-DTkkacmD.js", "/dashboard/assets/form-DwIUbcwr.js", "/dashboard/assets/greenhouse-DgEbp5y6.js", "/dashboard/assets/greenhouse-DhTpH97h.css", "/dashboard/assets/greenhouse-Djxg8FLv.js", "/dashboard/assets/grid_map-LNdDSpWe.js", "/dashboard/assets/harvest-CIiFtxBf.js", "/dashboard/assets/harvest_import-DGIpDzOO.js", "/dashboard/assets/health-CuRxOaAk.js", "/dashboard/assets/health-DSR5VOWo.js", "/dashboard/assets/house_tabs-Cp0pYPvR.js", "/dashboard/assets/imports_panel-8qgy8xuf.js", "/dashboard/assets/imports_panel-Bc_UzQ_o.css", "/dashboard/assets/index-JlLvr8jC.js", "/dashboard/assets/interval_mark-EfgDsSEK.js", "/dashboard/assets/kept_records-CL8yr3nU.js", "/dashboard/assets/layout_map-Cv2_kIhX.js", "/dashboard/assets/map-BXC8rbrE.css", "/dashboard/assets/map-DBtmGbFk.js", "/dashboard/assets/maplibre-gl-worker-CZtFQQIV.mjs", "/dashboard/assets/money-C290pGTl.js", "/dashboard/assets/note_form-HCMjAfBA.js", "/dashboard/assets/note_list-DKbV_U76.js", "/dashboard/assets/notes-B2TpFBPd.css", "/dashboard/assets/notes-I3VLnC-G.js", "/dashboard/assets/notes_panel-JlFU0-BP.js", "/dashboard/assets/one_rate_prescription-BstTTiLk.js", "/dashboard/assets/outline_model-Blr3i-Wf.js", "/dashboard/assets/own-CRIrHRZD.js", "/dashboard/assets/own-kU1sGK1K.js", "/dashboard/assets/people-D2GRL-Ft.js", "/dashboard/assets/person_data-B3TKk3lL.js", "/dashboard/assets/person_data-rXW3NARF.js", "/dashboard/assets/person_form-CYOookZk.js", "/dashboard/assets/person_form-DpLBC4Nl.js", "/dashboard/assets/person_record-BGqAr0nx.js", "/dashboard/assets/points_prescription-BApurInS.js", "/dashboard/assets/prescription_fields-Ctc6Divs.js", "/dashboard/assets/push-DJKL-_2P.js", "/dashboard/assets/recall-B36K91xQ.js", "/dashboard/assets/records-BYFumGk6.js", "/dashboard/assets/records-C0k7GIUN.js", "/dashboard/assets/records-CL_3JioX.js", "/dashboard/assets/report_links-BDvnXXX6.js", "/dashboard/assets/season_period-c4vGgEFS.js", "/dashboard/assets/set_active-BUfd6qgg.js", "/dashboard/assets/settings-90_setDr.js", "/dashboard/assets/settings-ChNmOcao.js", "/dashboard/assets/settings-aoM-nqTc.css", "/dashboard/assets/stability-D3FLwFky.js", "/dashboard/assets/style--P5ktQ2A.css", "/dashboard/assets/subject_notes-HgpsTbGv.js", "/dashboard/assets/table_import-D3tqGiE6.js", "/dashboard/assets/tabs-Czigjpy8.js", "/dashboard/assets/tapped_place-YEBPdN52.js", "/dashboard/assets/treatments_panel-B0aOaMrA.js", "/dashboard/assets/treatments_panel-BCICPx8q.js", "/dashboard/assets/trial_form-CdFye0bs.js", "/dashboard/assets/trials_panel-DIMjNUgA.css", "/dashboard/assets/trials_panel-r2KKfRPP.js", "/dashboard/assets/weather_panel-BniOjES6.css", "/dashboard/assets/weather_panel-CgTemOsz.js", "/dashboard/assets/wind_mark-QOHCZmQO.js", "/dashboard/assets/yield_panel-D-PL5Edh.css", "/dashboard/assets/yield_panel-Dkzr973f.js", "/dashboard/assets/yields-Dm1YbtMb.js", "/dashboard/assets/zone_colours-B5-kQwBv.js", "/dashboard/assets/zone_key-ApiftvMk.js", "/dashboard/headland.svg", "/dashboard/icon-192.png", "/dashboard/icon-512.png", "/dashboard/icon-maskable-512.png", "/dashboard/manifest.webmanifest"];
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
