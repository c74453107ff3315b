// Service worker: the page opens without a network, with the last answers of the station, each marked with the time it was received.
// `vite.config.ts` puts the names of the built files in. Nothing here asks another host.

const VERSION = "607e169b2a8e";
const FILES = ["/dashboard/assets/accounts-CKlo7tK1.js", "/dashboard/assets/against_applied-CaBlVmr4.js", "/dashboard/assets/alarms-D7v30FO4.js", "/dashboard/assets/band_text-YKN4qCBH.js", "/dashboard/assets/base-BvFJC2oz.js", "/dashboard/assets/chart-BAIzDrp2.js", "/dashboard/assets/chart-CnsZ1jie.css", "/dashboard/assets/choice-B2nDFS82.js", "/dashboard/assets/chosen_note-CVXaP5iQ.js", "/dashboard/assets/cooperative-BM1t2Fu0.js", "/dashboard/assets/cooperative-nNqe5Ttn.js", "/dashboard/assets/date_range-C8w75Kwu.js", "/dashboard/assets/deliveries-CbdXuvq6.js", "/dashboard/assets/dist-BsbcV6pe.js", "/dashboard/assets/draw_tool-BEJCMBhH.js", "/dashboard/assets/drawn_prescription-CH60czV9.js", "/dashboard/assets/drawn_zones_model-CwVUGjsB.js", "/dashboard/assets/drop_file-Dx2ThXEM.js", "/dashboard/assets/duty-C_eP9WgB.css", "/dashboard/assets/duty-DoE3iYQf.js", "/dashboard/assets/esm-Xkf8mv-x.js", "/dashboard/assets/farm_map-2j9CCQd8.js", "/dashboard/assets/field-B5UY7mts.css", "/dashboard/assets/field-BmAmJqfH.js", "/dashboard/assets/field-DHmP9Hos.js", "/dashboard/assets/field_map-DCV_xEe_.js", "/dashboard/assets/field_weather-DiFHP7gu.js", "/dashboard/assets/field_work-Dka5LIA-.js", "/dashboard/assets/fields-D6k09x5T.js", "/dashboard/assets/file_button-Bw2WcCaW.css", "/dashboard/assets/file_button-CzAG6f7O.js", "/dashboard/assets/file_button-QOCKQitf.js", "/dashboard/assets/files-WbPFFPS6.js", "/dashboard/assets/first-CKD8mP5G.js", "/dashboard/assets/first-DJ3TVqTz.css", "/dashboard/assets/form-CzC5MGyl.js", "/dashboard/assets/greenhouse-D6lg6TeT.js", "/dashboard/assets/greenhouse-DhTpH97h.css", "/dashboard/assets/greenhouse-DtkjbC89.js", "/dashboard/assets/grid_map-BPQ6HDj6.js", "/dashboard/assets/harvest-CC3A7W6I.js", "/dashboard/assets/harvest_import-BSzA_tgq.js", "/dashboard/assets/health-Df8lfBjz.js", "/dashboard/assets/house_tabs-Kt7JhfJv.js", "/dashboard/assets/imports_panel-Bc_UzQ_o.css", "/dashboard/assets/imports_panel-Ea-011i5.js", "/dashboard/assets/index-BBwTCrJO.js", "/dashboard/assets/interval_mark-lG8drTpc.js", "/dashboard/assets/layout_map-tGWsywvg.js", "/dashboard/assets/map-BXC8rbrE.css", "/dashboard/assets/map-jainnV9Q.js", "/dashboard/assets/maplibre-gl-worker-CZtFQQIV.mjs", "/dashboard/assets/money-Db1ScjEp.js", "/dashboard/assets/note_form-B_mWcPvc.js", "/dashboard/assets/note_list-CBuc_bld.js", "/dashboard/assets/notes-50mhLW5p.js", "/dashboard/assets/notes-B2TpFBPd.css", "/dashboard/assets/notes_panel-BdtLrkQJ.js", "/dashboard/assets/one_rate_prescription-CdwcqQ1i.js", "/dashboard/assets/outline_model-CRvkcJVa.js", "/dashboard/assets/person_form-CTUIrSZA.js", "/dashboard/assets/person_form-DfUiI5Xf.js", "/dashboard/assets/person_record-_Mj3EObT.js", "/dashboard/assets/points_prescription-C-p8PuSO.js", "/dashboard/assets/prescription_fields-B83cRlr1.js", "/dashboard/assets/push-BvXXTlob.js", "/dashboard/assets/recall-BUXW_HI4.js", "/dashboard/assets/records-C1sKXSpS.js", "/dashboard/assets/records-CDN-39lv.js", "/dashboard/assets/records-CG9z-l6W.js", "/dashboard/assets/report_links-2XA6SxQK.js", "/dashboard/assets/set_active-D_-27t6V.js", "/dashboard/assets/settings-CIxIrhVW.js", "/dashboard/assets/settings-D4WSQGtw.js", "/dashboard/assets/settings-aoM-nqTc.css", "/dashboard/assets/stability-BxHefrR4.js", "/dashboard/assets/style-al9bOVF6.css", "/dashboard/assets/subject_notes-CWsBu_OH.js", "/dashboard/assets/table_import-Dy2bQXGe.js", "/dashboard/assets/tabs-LyjDA-vq.js", "/dashboard/assets/tapped_place-CRGxU6V-.js", "/dashboard/assets/treatments_panel-BM5Zfrap.js", "/dashboard/assets/treatments_panel-Du-ViIGx.js", "/dashboard/assets/trial_form-DMfkLB_d.js", "/dashboard/assets/trials_panel-COSE_u8n.js", "/dashboard/assets/trials_panel-DIMjNUgA.css", "/dashboard/assets/weather_panel-B2RGtDTo.js", "/dashboard/assets/weather_panel-BniOjES6.css", "/dashboard/assets/wind_mark-CLaOyBcU.js", "/dashboard/assets/yield_panel-BVmfGWVJ.js", "/dashboard/assets/yield_panel-D-PL5Edh.css", "/dashboard/assets/yields-CjKGaMDO.js", "/dashboard/assets/zone_colours-C_DY0flY.js", "/dashboard/assets/zone_key-B_TsA0U0.js", "/dashboard/headland.svg", "/dashboard/icon-192.png", "/dashboard/icon-512.png", "/dashboard/icon-maskable-512.png", "/dashboard/manifest.webmanifest"];
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
