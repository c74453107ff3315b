// Service worker: the page opens without a network, with the last answers of the station, each marked with the time it was received.
// `vite.config.ts` puts the names of the built files in. Nothing here asks another host.

const VERSION = "1de5600566b3";
const FILES = ["/dashboard/assets/accounts-CWayG7Jq.js", "/dashboard/assets/against_applied-Cct2kU31.js", "/dashboard/assets/alarms-ClB6O1MK.js", "/dashboard/assets/band_text-DRR_XIuE.js", "/dashboard/assets/base-COJhbLF-.js", "/dashboard/assets/chart-BKZpQsyy.js", "/dashboard/assets/chart-CnsZ1jie.css", "/dashboard/assets/cooperative-CBAhflf-.js", "/dashboard/assets/cooperative-CvboEpbQ.js", "/dashboard/assets/date_range-CCUxwPpH.js", "/dashboard/assets/dist-BsbcV6pe.js", "/dashboard/assets/draw_tool-BEJCMBhH.js", "/dashboard/assets/drawn_prescription-CPXggLrv.js", "/dashboard/assets/drop_file-BF3nClwR.js", "/dashboard/assets/duty-BLHPof1V.js", "/dashboard/assets/duty-C_eP9WgB.css", "/dashboard/assets/esm-Xkf8mv-x.js", "/dashboard/assets/farm-Bsp0DE4I.js", "/dashboard/assets/farm_map-CF1S6JOb.js", "/dashboard/assets/field-B5UY7mts.css", "/dashboard/assets/field-DDCPNxcQ.js", "/dashboard/assets/field-Dkczcuhg.js", "/dashboard/assets/field_map-TMQCxaaR.js", "/dashboard/assets/field_weather-Cf68eyLe.js", "/dashboard/assets/field_work-DnQ1JpU3.js", "/dashboard/assets/fields-DL3UntSK.js", "/dashboard/assets/file_button-BCy_TRdn.js", "/dashboard/assets/file_button-Bw2WcCaW.css", "/dashboard/assets/file_button-UD-5GFz9.js", "/dashboard/assets/files-JhFnCNc3.js", "/dashboard/assets/first-C47OkioL.js", "/dashboard/assets/first-DJ3TVqTz.css", "/dashboard/assets/form-DilD2Jyv.js", "/dashboard/assets/greenhouse-D8BjplVf.js", "/dashboard/assets/greenhouse-DhTpH97h.css", "/dashboard/assets/greenhouse-vmCBr4HT.js", "/dashboard/assets/grid_map-D5GmyL0V.js", "/dashboard/assets/harvest-sKEb_hTi.js", "/dashboard/assets/harvest_import-CgVMNQoR.js", "/dashboard/assets/health-BQzswPEj.js", "/dashboard/assets/house_tabs-BibHi153.js", "/dashboard/assets/imports_panel-Bc_UzQ_o.css", "/dashboard/assets/imports_panel-DGyEwRSW.js", "/dashboard/assets/index-BDXMHNb-.js", "/dashboard/assets/layout_map-CFbn31QD.js", "/dashboard/assets/map-BXC8rbrE.css", "/dashboard/assets/map-DsI7sEyc.js", "/dashboard/assets/maplibre-gl-worker-CZtFQQIV.mjs", "/dashboard/assets/money-9KRfq9Qy.js", "/dashboard/assets/note_list-DAKlpBpn.js", "/dashboard/assets/notes-2asDA-gL.js", "/dashboard/assets/notes-B2TpFBPd.css", "/dashboard/assets/notes_panel-ClV-9hRp.js", "/dashboard/assets/outline_model-CRvkcJVa.js", "/dashboard/assets/points_prescription-DyrzPAk0.js", "/dashboard/assets/push-D4k6YHl1.js", "/dashboard/assets/recall-C-5jyC9R.js", "/dashboard/assets/records-BvX3ss4h.js", "/dashboard/assets/records-C-Y86iR1.js", "/dashboard/assets/records-D_1HtFaF.js", "/dashboard/assets/report_links-BqeMPMta.js", "/dashboard/assets/settings-CnTfn0Sj.js", "/dashboard/assets/settings-DzsjkT7v.js", "/dashboard/assets/settings-aoM-nqTc.css", "/dashboard/assets/stability-BTSe9yja.js", "/dashboard/assets/style-DZ9QBwBf.css", "/dashboard/assets/subject_notes-Bs4hmRgD.js", "/dashboard/assets/tabs-BmG-cDbq.js", "/dashboard/assets/tapped_place-rXd-3I9G.js", "/dashboard/assets/treatments_panel-BPhtOWVV.js", "/dashboard/assets/treatments_panel-CD3ad7Fp.js", "/dashboard/assets/trial_form-CBdFgmoU.js", "/dashboard/assets/trials_panel-BOyHZUvv.js", "/dashboard/assets/trials_panel-DIMjNUgA.css", "/dashboard/assets/weather_panel-BW2LutL2.js", "/dashboard/assets/weather_panel-BniOjES6.css", "/dashboard/assets/wind_mark-BwWFr3k9.js", "/dashboard/assets/yield_panel-89Vw3O8_.js", "/dashboard/assets/yield_panel-D-PL5Edh.css", "/dashboard/assets/yields-De_GIsnk.js", "/dashboard/assets/zone_colours-DWe2RYHY.js", "/dashboard/assets/zone_key-CHLMK-F8.js", "/dashboard/headland.svg", "/dashboard/icon-192.png", "/dashboard/icon-512.png", "/dashboard/icon-maskable-512.png", "/dashboard/manifest.webmanifest"];
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
