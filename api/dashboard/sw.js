// Service worker: the page opens without a network, with the last answers of the station, each marked with the time it was received.
// `vite.config.ts` puts the names of the built files in. Nothing here asks another host.

const VERSION = "11c84d632d80";
const FILES = ["/dashboard/assets/accounts-C4o-sRKg.js", "/dashboard/assets/against_applied-DgSvrr_V.js", "/dashboard/assets/alarms-tk89PFC0.js", "/dashboard/assets/asked_button-BZi3n56e.js", "/dashboard/assets/band_text-BxTj-Nvg.js", "/dashboard/assets/base-Cm0CU2JS.js", "/dashboard/assets/chart-CnsZ1jie.css", "/dashboard/assets/chart-DeebUWZu.js", "/dashboard/assets/cooperative-6xrZ0343.js", "/dashboard/assets/cooperative-BUMUnr5N.js", "/dashboard/assets/date_range-C_jX0F7K.js", "/dashboard/assets/deliveries-QtaUuvSB.js", "/dashboard/assets/dist-BsbcV6pe.js", "/dashboard/assets/draw_tool-BEJCMBhH.js", "/dashboard/assets/drawn_prescription-BhxL_sNz.js", "/dashboard/assets/drop_file-C47gWqQd.js", "/dashboard/assets/duty-CDVWx7Ru.js", "/dashboard/assets/duty-C_eP9WgB.css", "/dashboard/assets/esm-Xkf8mv-x.js", "/dashboard/assets/farm_map-nt2XAtDf.js", "/dashboard/assets/field-B5UY7mts.css", "/dashboard/assets/field-BOo4oc0G.js", "/dashboard/assets/field-BSNiVXN2.js", "/dashboard/assets/field_map-8VRKSuUT.js", "/dashboard/assets/field_weather-CuYz_TIy.js", "/dashboard/assets/field_work-BAUB3niU.js", "/dashboard/assets/fields-DofW8Hrz.js", "/dashboard/assets/file_button-Bw2WcCaW.css", "/dashboard/assets/file_button-D-aojjK3.js", "/dashboard/assets/file_button-D5k6pl5J.js", "/dashboard/assets/files-Bpqbffsq.js", "/dashboard/assets/first-DJ3TVqTz.css", "/dashboard/assets/first-DjbfOzm9.js", "/dashboard/assets/form-Bo3jsZRd.js", "/dashboard/assets/greenhouse-BmwkiFif.js", "/dashboard/assets/greenhouse-DUCTWTZB.js", "/dashboard/assets/greenhouse-DhTpH97h.css", "/dashboard/assets/grid_map-BtU3dC7A.js", "/dashboard/assets/harvest-BcCZ-X3l.js", "/dashboard/assets/harvest_import-DCj_nf6C.js", "/dashboard/assets/health-BQzQ0vJH.js", "/dashboard/assets/house_tabs-DarkY7rf.js", "/dashboard/assets/imports_panel-BVx8W983.js", "/dashboard/assets/imports_panel-Bc_UzQ_o.css", "/dashboard/assets/index-xO8eAkcg.js", "/dashboard/assets/layout_map-8PePeaR5.js", "/dashboard/assets/map-BXC8rbrE.css", "/dashboard/assets/map-DoQ6JVgE.js", "/dashboard/assets/maplibre-gl-worker-CZtFQQIV.mjs", "/dashboard/assets/money-B35jq2Ja.js", "/dashboard/assets/note_list-CgMLtUGZ.js", "/dashboard/assets/notes-B2TpFBPd.css", "/dashboard/assets/notes-C9CJSgru.js", "/dashboard/assets/notes_panel-DF6y7UdP.js", "/dashboard/assets/outline_model-CRvkcJVa.js", "/dashboard/assets/person_form-BSAy8seu.js", "/dashboard/assets/person_form-CZ3f45ze.js", "/dashboard/assets/person_record-CwRLq8cl.js", "/dashboard/assets/points_prescription-DJRFyXd-.js", "/dashboard/assets/push-NW1blq_N.js", "/dashboard/assets/recall-BzV96qbe.js", "/dashboard/assets/records-BinK4jKY.js", "/dashboard/assets/records-BtYGFoa2.js", "/dashboard/assets/records-DoW0rlFT.js", "/dashboard/assets/report_links-CbGlPzuA.js", "/dashboard/assets/set_active-BH8MDNVA.js", "/dashboard/assets/settings-CX-XAKTT.js", "/dashboard/assets/settings-NuyV88e1.js", "/dashboard/assets/settings-aoM-nqTc.css", "/dashboard/assets/stability-D9zG79O0.js", "/dashboard/assets/style-BSkv7z8b.css", "/dashboard/assets/subject_notes-CdSvJbOn.js", "/dashboard/assets/table_import-DYNnWsU5.js", "/dashboard/assets/tabs-CtY8h6Xi.js", "/dashboard/assets/tapped_place-Dj9rs0as.js", "/dashboard/assets/treatments_panel-DQQO53FZ.js", "/dashboard/assets/treatments_panel-DWLHD3Xh.js", "/dashboard/assets/trial_form-HZWsA2ss.js", "/dashboard/assets/trials_panel-DIMjNUgA.css", "/dashboard/assets/trials_panel-vc1IunLF.js", "/dashboard/assets/weather_panel-BniOjES6.css", "/dashboard/assets/weather_panel-DX2JqHDo.js", "/dashboard/assets/wind_mark-DFZHmG-p.js", "/dashboard/assets/yield_panel-Bc2Brlsp.js", "/dashboard/assets/yield_panel-D-PL5Edh.css", "/dashboard/assets/yields-DXfQEVf4.js", "/dashboard/assets/zone_colours-CCHDS9hZ.js", "/dashboard/assets/zone_key-D2FxObEQ.js", "/dashboard/headland.svg", "/dashboard/icon-192.png", "/dashboard/icon-512.png", "/dashboard/icon-maskable-512.png", "/dashboard/manifest.webmanifest"];
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
