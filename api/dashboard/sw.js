// Service worker: the page opens without a network, with the last answers of the station, each marked with the time it was received.
// `vite.config.ts` puts the names of the built files in. Nothing here asks another host.

const VERSION = "ae64ea074be5";
const FILES = ["/dashboard/assets/accounts-C70AfZQe.js", "/dashboard/assets/against_applied-QAm3vrDa.js", "/dashboard/assets/alarms-BXUOKaPT.js", "/dashboard/assets/asked_button-B8prsxJf.js", "/dashboard/assets/band_text-DYAEW-Ml.js", "/dashboard/assets/base-sMjD3Zat.js", "/dashboard/assets/chart-B-oUhsdh.js", "/dashboard/assets/chart-CnsZ1jie.css", "/dashboard/assets/cooperative-BMXzdwza.js", "/dashboard/assets/cooperative-BS9zdrQi.js", "/dashboard/assets/date_range-B_O4kvBK.js", "/dashboard/assets/deliveries-CRG1assJ.js", "/dashboard/assets/dist-BsbcV6pe.js", "/dashboard/assets/draw_tool-BEJCMBhH.js", "/dashboard/assets/drawn_prescription-CCUOhCkv.js", "/dashboard/assets/drop_file-Wi-G0qeP.js", "/dashboard/assets/duty-C_eP9WgB.css", "/dashboard/assets/duty-DjOLMqgz.js", "/dashboard/assets/esm-Xkf8mv-x.js", "/dashboard/assets/farm_map-CQiXPUUL.js", "/dashboard/assets/field-7_FvfM5Q.js", "/dashboard/assets/field-B5UY7mts.css", "/dashboard/assets/field-BXwHaPB1.js", "/dashboard/assets/field_map-CqbClvbU.js", "/dashboard/assets/field_weather-BiW8bxH6.js", "/dashboard/assets/field_work-C5z2RqeA.js", "/dashboard/assets/fields-kXXHWZlW.js", "/dashboard/assets/file_button-7t1piY_6.js", "/dashboard/assets/file_button-BsA_i34V.js", "/dashboard/assets/file_button-Bw2WcCaW.css", "/dashboard/assets/files-BKj_Y87u.js", "/dashboard/assets/first-CEkJS_WA.js", "/dashboard/assets/first-DJ3TVqTz.css", "/dashboard/assets/form-DR9FWQ0Y.js", "/dashboard/assets/greenhouse-4pJb-LT7.js", "/dashboard/assets/greenhouse-CyfBYpKx.js", "/dashboard/assets/greenhouse-DhTpH97h.css", "/dashboard/assets/grid_map-GSbG2Rto.js", "/dashboard/assets/harvest-CfsVGcMt.js", "/dashboard/assets/harvest_import-K0_DM-99.js", "/dashboard/assets/health-BEdOV-BW.js", "/dashboard/assets/house_tabs-DXw_02tA.js", "/dashboard/assets/imports_panel-Bc_UzQ_o.css", "/dashboard/assets/imports_panel-ZOgaVmFI.js", "/dashboard/assets/index-C65-Jh8q.js", "/dashboard/assets/layout_map-1pRofyzv.js", "/dashboard/assets/map-BXC8rbrE.css", "/dashboard/assets/map-CyzM6fx6.js", "/dashboard/assets/maplibre-gl-worker-CZtFQQIV.mjs", "/dashboard/assets/money-TEejoQRm.js", "/dashboard/assets/note_list-rKMSyd8H.js", "/dashboard/assets/notes-B2TpFBPd.css", "/dashboard/assets/notes-WXeG0nxm.js", "/dashboard/assets/notes_panel-CDHu-yFn.js", "/dashboard/assets/outline_model-CRvkcJVa.js", "/dashboard/assets/person_form-CKE_8Q6X.js", "/dashboard/assets/person_form-Dd5TyvUS.js", "/dashboard/assets/person_record-t9YLkH9y.js", "/dashboard/assets/points_prescription-mojXN2cf.js", "/dashboard/assets/push-Bw4Bz7dP.js", "/dashboard/assets/recall-BWXCxFIq.js", "/dashboard/assets/records-B61ObCYj.js", "/dashboard/assets/records-CfNVX7rK.js", "/dashboard/assets/records-Cxk7_zKJ.js", "/dashboard/assets/report_links-CL7KPDuP.js", "/dashboard/assets/set_active-DdWycksM.js", "/dashboard/assets/settings-BZWR_EJU.js", "/dashboard/assets/settings-aoM-nqTc.css", "/dashboard/assets/settings-ztF7Wbe5.js", "/dashboard/assets/stability-DjzvEByI.js", "/dashboard/assets/style-BSkv7z8b.css", "/dashboard/assets/subject_notes-D1moND45.js", "/dashboard/assets/table_import-S6RAzRtn.js", "/dashboard/assets/tabs-CY4MmfRi.js", "/dashboard/assets/tapped_place-eGvbdnqk.js", "/dashboard/assets/treatments_panel-DiQogpZo.js", "/dashboard/assets/treatments_panel-wZUIX08k.js", "/dashboard/assets/trial_form-B5-gjI-E.js", "/dashboard/assets/trials_panel-CPQmOViQ.js", "/dashboard/assets/trials_panel-DIMjNUgA.css", "/dashboard/assets/weather_panel-BniOjES6.css", "/dashboard/assets/weather_panel-DIC2tEBt.js", "/dashboard/assets/wind_mark-2V9b1iAm.js", "/dashboard/assets/yield_panel-BJnlkg_l.js", "/dashboard/assets/yield_panel-D-PL5Edh.css", "/dashboard/assets/yields-Dpfk2UEx.js", "/dashboard/assets/zone_colours-BGiqnzU8.js", "/dashboard/assets/zone_key-D3Mvo0WP.js", "/dashboard/headland.svg", "/dashboard/icon-192.png", "/dashboard/icon-512.png", "/dashboard/icon-maskable-512.png", "/dashboard/manifest.webmanifest"];
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
