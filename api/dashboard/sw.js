// Service worker: the page opens without a network, with the last answers of the station, each marked with the time it was received.
// `vite.config.ts` puts the names of the built files in. Nothing here asks another host.

const VERSION = "4a28e38cf778";
const FILES = ["/dashboard/assets/accounts-BLIbPcZP.js", "/dashboard/assets/against_applied-Bl1ZmqR7.js", "/dashboard/assets/alarms-CG0W7G-n.js", "/dashboard/assets/band_text-DjM4v9rr.js", "/dashboard/assets/base-QFZIOG1-.js", "/dashboard/assets/chart-CnsZ1jie.css", "/dashboard/assets/chart-Xk1TY2b5.js", "/dashboard/assets/choice-B2nDFS82.js", "/dashboard/assets/chosen_note-DkD8h8N0.js", "/dashboard/assets/cooperative-CBmChFSe.js", "/dashboard/assets/cooperative-DyYT-c20.js", "/dashboard/assets/date_range-UyTPFXEV.js", "/dashboard/assets/deliveries-BI85Dnm9.js", "/dashboard/assets/dist-BsbcV6pe.js", "/dashboard/assets/draw_tool-BEJCMBhH.js", "/dashboard/assets/drawn_prescription-DxokA7te.js", "/dashboard/assets/drawn_zones_model-CwVUGjsB.js", "/dashboard/assets/drop_file-mEDkJ5Xo.js", "/dashboard/assets/duty-C_eP9WgB.css", "/dashboard/assets/duty-xgKh-nAl.js", "/dashboard/assets/esm-Xkf8mv-x.js", "/dashboard/assets/farm_map-zvA2OgOp.js", "/dashboard/assets/field-B5UY7mts.css", "/dashboard/assets/field-BRKC_XDf.js", "/dashboard/assets/field-CegvZRCV.js", "/dashboard/assets/field_map-C5SkMpJp.js", "/dashboard/assets/field_weather-Bb9JeDXn.js", "/dashboard/assets/field_work-DodmMRXk.js", "/dashboard/assets/fields-XOUHZfOP.js", "/dashboard/assets/file_button-B2hK_ZBO.js", "/dashboard/assets/file_button-Bw2WcCaW.css", "/dashboard/assets/file_button-DC0ZxraT.js", "/dashboard/assets/files-BujyEKY7.js", "/dashboard/assets/first-Czc4SESk.js", "/dashboard/assets/first-DJ3TVqTz.css", "/dashboard/assets/form-5iosmNks.js", "/dashboard/assets/greenhouse-BD69AqSg.js", "/dashboard/assets/greenhouse-D2sNU5v9.js", "/dashboard/assets/greenhouse-DhTpH97h.css", "/dashboard/assets/grid_map-C6RSPLET.js", "/dashboard/assets/harvest-BnUxGzF3.js", "/dashboard/assets/harvest_import-BSXycvML.js", "/dashboard/assets/health-BuwtXKNW.js", "/dashboard/assets/health-CEbMHzDz.js", "/dashboard/assets/house_tabs-RqrrMrYs.js", "/dashboard/assets/imports_panel-Bc_UzQ_o.css", "/dashboard/assets/imports_panel-Cjh67dPk.js", "/dashboard/assets/index-CXe8DTAX.js", "/dashboard/assets/interval_mark-DE81N4tw.js", "/dashboard/assets/kept_records-DEMxk4U5.js", "/dashboard/assets/layout_map-DGnm6JOh.js", "/dashboard/assets/map-BXC8rbrE.css", "/dashboard/assets/map-DBfHEVVh.js", "/dashboard/assets/maplibre-gl-worker-CZtFQQIV.mjs", "/dashboard/assets/money-DU8BZjvN.js", "/dashboard/assets/note_form-LuORYr_W.js", "/dashboard/assets/note_list-WtiLozOp.js", "/dashboard/assets/notes-B2TpFBPd.css", "/dashboard/assets/notes-mQ7ug2Li.js", "/dashboard/assets/notes_panel-BDazXFIA.js", "/dashboard/assets/one_rate_prescription-BepOD4H-.js", "/dashboard/assets/outline_model-CRvkcJVa.js", "/dashboard/assets/own-DAWJt0eu.js", "/dashboard/assets/own-DKwxGMhg.js", "/dashboard/assets/people-CxjX5260.js", "/dashboard/assets/person_data-D1m9URXh.js", "/dashboard/assets/person_data-mEEWX9i5.js", "/dashboard/assets/person_form-D_Hvtes7.js", "/dashboard/assets/person_form-_FYH9j_e.js", "/dashboard/assets/person_record-CqlrJtVF.js", "/dashboard/assets/points_prescription-BvNXYOzy.js", "/dashboard/assets/prescription_fields-BRXvo8l-.js", "/dashboard/assets/push-Bkfhc8ZR.js", "/dashboard/assets/recall-CEGk5Oc3.js", "/dashboard/assets/records-BvjGkB6S.js", "/dashboard/assets/records-BzLvhWNr.js", "/dashboard/assets/records-pqt8yhf5.js", "/dashboard/assets/report_links-DqQoqnfb.js", "/dashboard/assets/season_period-CHs2uluq.js", "/dashboard/assets/set_active-Bkx-Z5Bi.js", "/dashboard/assets/settings-ByaU3-Vv.js", "/dashboard/assets/settings-aoM-nqTc.css", "/dashboard/assets/settings-l2WOEsxU.js", "/dashboard/assets/stability-DEQzyeXy.js", "/dashboard/assets/style--P5ktQ2A.css", "/dashboard/assets/subject_notes-D8kky3j1.js", "/dashboard/assets/table_import-CTCegRYG.js", "/dashboard/assets/tabs-DoZe_0MB.js", "/dashboard/assets/tapped_place-Z_B1bswg.js", "/dashboard/assets/treatments_panel-B2wFuc9g.js", "/dashboard/assets/treatments_panel-B6JBUhMs.js", "/dashboard/assets/trial_form-BWVQBaF7.js", "/dashboard/assets/trials_panel-BEtfmkK6.js", "/dashboard/assets/trials_panel-DIMjNUgA.css", "/dashboard/assets/weather_panel-BniOjES6.css", "/dashboard/assets/weather_panel-Dc-cIWIQ.js", "/dashboard/assets/wind_mark-CICOUpc8.js", "/dashboard/assets/yield_panel-CjfWL8pg.js", "/dashboard/assets/yield_panel-D-PL5Edh.css", "/dashboard/assets/yields--EUQWsI4.js", "/dashboard/assets/zone_colours-BIdmnNjS.js", "/dashboard/assets/zone_key-B5oSCJwV.js", "/dashboard/headland.svg", "/dashboard/icon-192.png", "/dashboard/icon-512.png", "/dashboard/icon-maskable-512.png", "/dashboard/manifest.webmanifest"];
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
