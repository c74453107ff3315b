// Service worker: the page opens without a network, with the last answers of the station, each marked with the time it was received.
// `vite.config.ts` puts the names of the built files in. Nothing here asks another host.

const VERSION = "3f14edc78d83";
const FILES = ["/dashboard/assets/accounts-BfyiZE5o.js", "/dashboard/assets/against_applied-CH0CtxVl.js", "/dashboard/assets/alarms-DOJZ6Hqj.js", "/dashboard/assets/asked_button-5uBjzHkD.js", "/dashboard/assets/band_text-DZoP69Wd.js", "/dashboard/assets/base-DGnKawT3.js", "/dashboard/assets/chart-CnsZ1jie.css", "/dashboard/assets/chart-Dl7cKh69.js", "/dashboard/assets/cooperative-Bk8xifoc.js", "/dashboard/assets/cooperative-me-5RXBv.js", "/dashboard/assets/date_range-Cy1Y-jlh.js", "/dashboard/assets/deliveries-BNp0BJzu.js", "/dashboard/assets/dist-BsbcV6pe.js", "/dashboard/assets/draw_tool-BEJCMBhH.js", "/dashboard/assets/drawn_prescription-DzACg_lM.js", "/dashboard/assets/drop_file-DR9UR9R1.js", "/dashboard/assets/duty-Btm43HHd.js", "/dashboard/assets/duty-C_eP9WgB.css", "/dashboard/assets/esm-Xkf8mv-x.js", "/dashboard/assets/farm_map-BMWX6oaW.js", "/dashboard/assets/field-B5UY7mts.css", "/dashboard/assets/field-D7r-8cZB.js", "/dashboard/assets/field-Pm5CmTMX.js", "/dashboard/assets/field_map-1eD477H8.js", "/dashboard/assets/field_weather-CMvuyauy.js", "/dashboard/assets/field_work-BFgHlDCa.js", "/dashboard/assets/fields-DfP0N5ig.js", "/dashboard/assets/file_button-BdOcZxU8.js", "/dashboard/assets/file_button-Bw2WcCaW.css", "/dashboard/assets/file_button-Dz4GbY70.js", "/dashboard/assets/files-DaORttBx.js", "/dashboard/assets/first-BSJa73UV.js", "/dashboard/assets/first-DJ3TVqTz.css", "/dashboard/assets/form-AlvYTmt1.js", "/dashboard/assets/greenhouse-CjmZeceJ.js", "/dashboard/assets/greenhouse-DYcwmqOn.js", "/dashboard/assets/greenhouse-DhTpH97h.css", "/dashboard/assets/grid_map-rbUTXMkn.js", "/dashboard/assets/harvest-D31xMd8d.js", "/dashboard/assets/harvest_import-_I98fgZF.js", "/dashboard/assets/health-BA30BwsZ.js", "/dashboard/assets/house_tabs-9y2Mc0TN.js", "/dashboard/assets/imports_panel-BEYVfF2s.js", "/dashboard/assets/imports_panel-Bc_UzQ_o.css", "/dashboard/assets/index-B1hb6Y0c.js", "/dashboard/assets/layout_map-nKnojpqk.js", "/dashboard/assets/map-BXC8rbrE.css", "/dashboard/assets/map-CtcWh15q.js", "/dashboard/assets/maplibre-gl-worker-CZtFQQIV.mjs", "/dashboard/assets/money-BQEJh48p.js", "/dashboard/assets/note_list-CWiCzez7.js", "/dashboard/assets/notes-0CKJcwOD.js", "/dashboard/assets/notes-B2TpFBPd.css", "/dashboard/assets/notes_panel-N0_Gn-yj.js", "/dashboard/assets/outline_model-CRvkcJVa.js", "/dashboard/assets/person_form-AIV09RCU.js", "/dashboard/assets/person_form-FnzwBPm6.js", "/dashboard/assets/person_record-D6tiWhVH.js", "/dashboard/assets/points_prescription-BQq3jyMM.js", "/dashboard/assets/push-qk9Wgw9t.js", "/dashboard/assets/recall-DJt9a_rC.js", "/dashboard/assets/records-B9x7at-n.js", "/dashboard/assets/records-DaIG7UU5.js", "/dashboard/assets/records-m9kqN79M.js", "/dashboard/assets/report_links-U5qn03XY.js", "/dashboard/assets/set_active-BFpxlCN9.js", "/dashboard/assets/settings-BfzJ81Mh.js", "/dashboard/assets/settings-DUMj5bdZ.js", "/dashboard/assets/settings-aoM-nqTc.css", "/dashboard/assets/stability-CkDXKM4g.js", "/dashboard/assets/style-D7SUIn56.css", "/dashboard/assets/subject_notes-DhBAlm26.js", "/dashboard/assets/table_import-Qr93gzpo.js", "/dashboard/assets/tabs-BhzKbtck.js", "/dashboard/assets/tapped_place-C6ayZONB.js", "/dashboard/assets/treatments_panel-Ryf_H1Ey.js", "/dashboard/assets/treatments_panel-iejanVYG.js", "/dashboard/assets/trial_form-Dju4Tj2T.js", "/dashboard/assets/trials_panel-CtQiaRt8.js", "/dashboard/assets/trials_panel-DIMjNUgA.css", "/dashboard/assets/weather_panel-BniOjES6.css", "/dashboard/assets/weather_panel-zg-xgHLx.js", "/dashboard/assets/wind_mark-CPE0cEl7.js", "/dashboard/assets/yield_panel-Cev0Lh4h.js", "/dashboard/assets/yield_panel-D-PL5Edh.css", "/dashboard/assets/yields-DXGqpLvf.js", "/dashboard/assets/zone_colours-CM_cy5vu.js", "/dashboard/assets/zone_key-nJ8aFksM.js", "/dashboard/headland.svg", "/dashboard/icon-192.png", "/dashboard/icon-512.png", "/dashboard/icon-maskable-512.png", "/dashboard/manifest.webmanifest"];
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
