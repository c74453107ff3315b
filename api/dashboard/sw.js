// Service worker: the page opens without a network, with the last answers of the station, each marked with the time it was received.
// `vite.config.ts` puts the names of the built files in. Nothing here asks another host.

const VERSION = "38d3cf37bcf9";
const FILES = ["/dashboard/assets/accounts-JpZlolVA.js", "/dashboard/assets/against_applied-Cb_PPkjs.js", "/dashboard/assets/alarms-D5k4Y_q-.js", "/dashboard/assets/band_text-BYuJifCT.js", "/dashboard/assets/base-DnhhDxNe.js", "/dashboard/assets/chart-B8ZdC-kG.js", "/dashboard/assets/chart-CnsZ1jie.css", "/dashboard/assets/choice-B2nDFS82.js", "/dashboard/assets/chosen_note-DCreDsh8.js", "/dashboard/assets/cooperative-Coe2VKaU.js", "/dashboard/assets/cooperative-DMZ_f-Cu.js", "/dashboard/assets/date_range-qSnX0ApH.js", "/dashboard/assets/deliveries-DjfR2KR9.js", "/dashboard/assets/dist-BsbcV6pe.js", "/dashboard/assets/draw_tool-v2qyBLqz.js", "/dashboard/assets/drawn_prescription-CKaY47rN.js", "/dashboard/assets/drawn_zones_model-Q55aqgmo.js", "/dashboard/assets/drop_file-BTRBLFWX.js", "/dashboard/assets/duty-C_eP9WgB.css", "/dashboard/assets/duty-CqhpzxwA.js", "/dashboard/assets/esm-Xkf8mv-x.js", "/dashboard/assets/farm_map-Bsy64XuB.js", "/dashboard/assets/field-B5UY7mts.css", "/dashboard/assets/field-Ds7Hbsj9.js", "/dashboard/assets/field-l7jNikWP.js", "/dashboard/assets/field_map-C8TXUfwy.js", "/dashboard/assets/field_weather-C-VWm0-H.js", "/dashboard/assets/field_work-BBfMSeJ7.js", "/dashboard/assets/fields-CPBlK07U.js", "/dashboard/assets/file_button-Bw2WcCaW.css", "/dashboard/assets/file_button-Cq54EALy.js", "/dashboard/assets/file_button-DRKEefLJ.js", "/dashboard/assets/files-DQ74Wgn5.js", "/dashboard/assets/first-CSNH7C6X.js", "/dashboard/assets/first-DJ3TVqTz.css", "/dashboard/assets/form-Dtl2lnGT.js", "/dashboard/assets/greenhouse-BUs0eA0D.js", "/dashboard/assets/greenhouse-CXkMQ-Gq.js", "/dashboard/assets/greenhouse-DhTpH97h.css", "/dashboard/assets/grid_map-D8wpRBGw.js", "/dashboard/assets/harvest-DzItf6P-.js", "/dashboard/assets/harvest_import-BFCXay_O.js", "/dashboard/assets/health-BSxLHJGc.js", "/dashboard/assets/health-CYOmfCkJ.js", "/dashboard/assets/house_tabs-DooVAu-2.js", "/dashboard/assets/imports_panel-B_r_dJjo.js", "/dashboard/assets/imports_panel-Bc_UzQ_o.css", "/dashboard/assets/index-FMzzuRMR.js", "/dashboard/assets/interval_mark-CHwulkpx.js", "/dashboard/assets/kept_records-hQ2GsFPo.js", "/dashboard/assets/layout_map-C5djYAZy.js", "/dashboard/assets/map-BXC8rbrE.css", "/dashboard/assets/map-z_4IPIIU.js", "/dashboard/assets/maplibre-gl-worker-CZtFQQIV.mjs", "/dashboard/assets/money-CQVd7PuA.js", "/dashboard/assets/note_form-DNsM-puA.js", "/dashboard/assets/note_list-C5a1Nwyd.js", "/dashboard/assets/notes-B2TpFBPd.css", "/dashboard/assets/notes-G6d4ZnSe.js", "/dashboard/assets/notes_panel-QR7qjC2P.js", "/dashboard/assets/one_rate_prescription-D4EYVYUz.js", "/dashboard/assets/outline_model-BCQ5ky_g.js", "/dashboard/assets/own-BmGMrvJR.js", "/dashboard/assets/own-xGMLYelN.js", "/dashboard/assets/people-BYvJ9OOY.js", "/dashboard/assets/person_data-BSieEAEn.js", "/dashboard/assets/person_data-D6EgRpl_.js", "/dashboard/assets/person_form-2htnD15b.js", "/dashboard/assets/person_form-Bqfgxx0I.js", "/dashboard/assets/person_record-B8PxYtkd.js", "/dashboard/assets/points_prescription-6ZzIjHhn.js", "/dashboard/assets/prescription_fields-D-25sW3a.js", "/dashboard/assets/push-mjYY1kKZ.js", "/dashboard/assets/recall-Dd3hklDG.js", "/dashboard/assets/records-8Jz0Ua-B.js", "/dashboard/assets/records-D1Wal-29.js", "/dashboard/assets/records-DXoEpDHN.js", "/dashboard/assets/report_links-BaGw7yG3.js", "/dashboard/assets/season_period--17X4fPE.js", "/dashboard/assets/set_active-C2SnPNEv.js", "/dashboard/assets/settings-B5KRg4ut.js", "/dashboard/assets/settings-D1MM0fDj.js", "/dashboard/assets/settings-aoM-nqTc.css", "/dashboard/assets/stability-BEvoS5L6.js", "/dashboard/assets/style--P5ktQ2A.css", "/dashboard/assets/subject_notes-CjU_hjp3.js", "/dashboard/assets/table_import-Dtj0c-tv.js", "/dashboard/assets/tabs-D1Ow3V_y.js", "/dashboard/assets/tapped_place-B0r5pCuz.js", "/dashboard/assets/treatments_panel-CSWJPkNi.js", "/dashboard/assets/treatments_panel-DtfTt7Jx.js", "/dashboard/assets/trial_form-DvDgfmLl.js", "/dashboard/assets/trials_panel-CBTiJRvx.js", "/dashboard/assets/trials_panel-DIMjNUgA.css", "/dashboard/assets/weather_panel-8m2wL-GE.js", "/dashboard/assets/weather_panel-BniOjES6.css", "/dashboard/assets/wind_mark-lRd7yeh3.js", "/dashboard/assets/yield_panel-CzOfbJf0.js", "/dashboard/assets/yield_panel-D-PL5Edh.css", "/dashboard/assets/yields-Cft6f0iI.js", "/dashboard/assets/zone_colours-Dm_sxdii.js", "/dashboard/assets/zone_key-BQDBfzjh.js", "/dashboard/headland.svg", "/dashboard/icon-192.png", "/dashboard/icon-512.png", "/dashboard/icon-maskable-512.png", "/dashboard/manifest.webmanifest"];
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
