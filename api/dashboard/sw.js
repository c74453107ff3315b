// Service worker: the page opens without a network, with the last answers of the station, each marked with the time it was received.
// `vite.config.ts` puts the names of the built files in. Nothing here asks another host.

const VERSION = "9c65e7b9f445";
const FILES = ["/dashboard/assets/accounts-BE2ynFA_.js", "/dashboard/assets/against_applied-AG4R865B.js", "/dashboard/assets/alarms-Cn1rEN-b.js", "/dashboard/assets/asked_button-CkISRbmM.js", "/dashboard/assets/band_text-BSdrWxww.js", "/dashboard/assets/base-DFOwHDw6.js", "/dashboard/assets/chart-CnsZ1jie.css", "/dashboard/assets/chart-Pwkvn30r.js", "/dashboard/assets/cooperative-CEqw92iN.js", "/dashboard/assets/cooperative-DTzDkcvr.js", "/dashboard/assets/date_range-CIaH4UOL.js", "/dashboard/assets/deliveries-CqcbVqZR.js", "/dashboard/assets/dist-BsbcV6pe.js", "/dashboard/assets/draw_tool-BEJCMBhH.js", "/dashboard/assets/drawn_prescription-CZ-H_feO.js", "/dashboard/assets/drop_file-CM8gra1q.js", "/dashboard/assets/duty-C_eP9WgB.css", "/dashboard/assets/duty-utzjvXVp.js", "/dashboard/assets/esm-Xkf8mv-x.js", "/dashboard/assets/farm_map-DbFdAOAi.js", "/dashboard/assets/field-B5UY7mts.css", "/dashboard/assets/field-D_lMdVmn.js", "/dashboard/assets/field-DrBRkKYb.js", "/dashboard/assets/field_map-C-bfo3qa.js", "/dashboard/assets/field_weather-CW2BOjGt.js", "/dashboard/assets/field_work-BeAgw-9h.js", "/dashboard/assets/fields-CsamM9YL.js", "/dashboard/assets/file_button-B1mnrPie.js", "/dashboard/assets/file_button-Bw2WcCaW.css", "/dashboard/assets/file_button-D8_2rWSR.js", "/dashboard/assets/files-Bpio4goP.js", "/dashboard/assets/first-CkcHhpn_.js", "/dashboard/assets/first-DJ3TVqTz.css", "/dashboard/assets/form-C5rPIq4y.js", "/dashboard/assets/greenhouse-CrTROTRt.js", "/dashboard/assets/greenhouse-DhTpH97h.css", "/dashboard/assets/greenhouse-ce2lrAn-.js", "/dashboard/assets/grid_map-DRSDpTdW.js", "/dashboard/assets/harvest-B1bKFIaR.js", "/dashboard/assets/harvest_import-DMQV8ak4.js", "/dashboard/assets/health-COUxAaK7.js", "/dashboard/assets/house_tabs-BekBP1Pw.js", "/dashboard/assets/imports_panel-BErkErjV.js", "/dashboard/assets/imports_panel-Bc_UzQ_o.css", "/dashboard/assets/index-BEzYrNjU.js", "/dashboard/assets/layout_map-Ds9fVN97.js", "/dashboard/assets/map-BXC8rbrE.css", "/dashboard/assets/map-DtQyvF8o.js", "/dashboard/assets/maplibre-gl-worker-CZtFQQIV.mjs", "/dashboard/assets/money-DfGtKtVz.js", "/dashboard/assets/note_list-CO5tV0RL.js", "/dashboard/assets/notes-B2TpFBPd.css", "/dashboard/assets/notes-DyorHIz_.js", "/dashboard/assets/notes_panel-CAxJBOoL.js", "/dashboard/assets/outline_model-CRvkcJVa.js", "/dashboard/assets/person_form-CP97tIO2.js", "/dashboard/assets/person_form-DDmtJy_q.js", "/dashboard/assets/person_record-Cd3Nra3T.js", "/dashboard/assets/points_prescription-BdHBSIf_.js", "/dashboard/assets/push-BvglwsX9.js", "/dashboard/assets/recall-BOns_XWH.js", "/dashboard/assets/records-CCtubmSi.js", "/dashboard/assets/records-CF--NGT5.js", "/dashboard/assets/records-CfF8gOm1.js", "/dashboard/assets/report_links-CW-k-nZE.js", "/dashboard/assets/set_active-CNpTNJCf.js", "/dashboard/assets/settings-CSgL603K.js", "/dashboard/assets/settings-aoM-nqTc.css", "/dashboard/assets/settings-nM3wJZRO.js", "/dashboard/assets/stability-sr97CXE7.js", "/dashboard/assets/style-BSkv7z8b.css", "/dashboard/assets/subject_notes-C1tcBgcj.js", "/dashboard/assets/table_import-DQ4UxG-7.js", "/dashboard/assets/tabs-D_IUMOTY.js", "/dashboard/assets/tapped_place-Df884Q1R.js", "/dashboard/assets/treatments_panel-05JII5jL.js", "/dashboard/assets/treatments_panel-Bcoq4qgx.js", "/dashboard/assets/trial_form-DT5rymyu.js", "/dashboard/assets/trials_panel-DIMjNUgA.css", "/dashboard/assets/trials_panel-DVgBKgUE.js", "/dashboard/assets/weather_panel-BniOjES6.css", "/dashboard/assets/weather_panel-CMx_nZJp.js", "/dashboard/assets/wind_mark-UlTKQQpW.js", "/dashboard/assets/yield_panel-CfQVSib2.js", "/dashboard/assets/yield_panel-D-PL5Edh.css", "/dashboard/assets/yields-BqtisIh3.js", "/dashboard/assets/zone_colours-Cic8ctrG.js", "/dashboard/assets/zone_key-f--_BTKL.js", "/dashboard/headland.svg", "/dashboard/icon-192.png", "/dashboard/icon-512.png", "/dashboard/icon-maskable-512.png", "/dashboard/manifest.webmanifest"];
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
