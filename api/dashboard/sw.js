// Service worker: the page opens without a network, with the last answers of the station, each marked with the time it was received.
// `vite.config.ts` puts the names of the built files in. Nothing here asks another host.

const VERSION = "1cac3c55dc9a";
const FILES = ["/dashboard/assets/accounts-COloaWoU.js", "/dashboard/assets/against_applied-ikCrYB7G.js", "/dashboard/assets/alarms-DPFvtDnW.js", "/dashboard/assets/asked_button-mlT5z7WL.js", "/dashboard/assets/band_text-CsA_p2CN.js", "/dashboard/assets/base-CimJWVzA.js", "/dashboard/assets/chart-CnsZ1jie.css", "/dashboard/assets/chart-DTvor57Y.js", "/dashboard/assets/cooperative-CBQ2kIZ9.js", "/dashboard/assets/cooperative-DX8vj_os.js", "/dashboard/assets/date_range-D8O6R3mB.js", "/dashboard/assets/deliveries-WupVTfV3.js", "/dashboard/assets/dist-BsbcV6pe.js", "/dashboard/assets/draw_tool-BEJCMBhH.js", "/dashboard/assets/drawn_prescription-B8-Zoap3.js", "/dashboard/assets/drawn_zones_model-CwVUGjsB.js", "/dashboard/assets/drop_file-BneHNXrF.js", "/dashboard/assets/duty-C_eP9WgB.css", "/dashboard/assets/duty-Cc7kVnuD.js", "/dashboard/assets/esm-Xkf8mv-x.js", "/dashboard/assets/farm_map-D4vBb7Sr.js", "/dashboard/assets/field-B5UY7mts.css", "/dashboard/assets/field-CeXRu7Ck.js", "/dashboard/assets/field-CsMKco7U.js", "/dashboard/assets/field_map-3IVmcFnO.js", "/dashboard/assets/field_weather-Dfrg5rHn.js", "/dashboard/assets/field_work-C9oUlHZE.js", "/dashboard/assets/fields-tuEizYKz.js", "/dashboard/assets/file_button-BYfDI-5b.js", "/dashboard/assets/file_button-Bw2WcCaW.css", "/dashboard/assets/file_button-DeaFkZUI.js", "/dashboard/assets/files-B6tD53Pw.js", "/dashboard/assets/first-DJ3TVqTz.css", "/dashboard/assets/first-DQ32kPiz.js", "/dashboard/assets/form-Cy-daH2-.js", "/dashboard/assets/greenhouse-DZrTynpE.js", "/dashboard/assets/greenhouse-DhTpH97h.css", "/dashboard/assets/greenhouse-cwOrDjtz.js", "/dashboard/assets/grid_map-krvKdvU0.js", "/dashboard/assets/harvest-CuqF_o_H.js", "/dashboard/assets/harvest_import-DxNmjC2v.js", "/dashboard/assets/health-CNBmC4rS.js", "/dashboard/assets/house_tabs-CHP1_EYj.js", "/dashboard/assets/imports_panel-Bc_UzQ_o.css", "/dashboard/assets/imports_panel-BqWyeWLM.js", "/dashboard/assets/index-CshbHZYl.js", "/dashboard/assets/layout_map-TUmNY8cc.js", "/dashboard/assets/map-BXC8rbrE.css", "/dashboard/assets/map-XcBq_QS7.js", "/dashboard/assets/maplibre-gl-worker-CZtFQQIV.mjs", "/dashboard/assets/money-C1uTWmZv.js", "/dashboard/assets/note_list-mqAu-Mb6.js", "/dashboard/assets/notes-B2TpFBPd.css", "/dashboard/assets/notes-CQ5cFqRm.js", "/dashboard/assets/notes_panel-BEAjniHf.js", "/dashboard/assets/one_rate_prescription-C_4cYQub.js", "/dashboard/assets/outline_model-CRvkcJVa.js", "/dashboard/assets/person_form-JD-T269a.js", "/dashboard/assets/person_form-_Va-d7KR.js", "/dashboard/assets/person_record-CWm90cTp.js", "/dashboard/assets/points_prescription-PlC9mQpr.js", "/dashboard/assets/prescription_fields-BS5kNSDK.js", "/dashboard/assets/push-r1K_gaG3.js", "/dashboard/assets/recall-CoYCup2a.js", "/dashboard/assets/records-BF6b50uR.js", "/dashboard/assets/records-DHysYEwe.js", "/dashboard/assets/records-DUadlNX1.js", "/dashboard/assets/report_links-DIVIkmb5.js", "/dashboard/assets/set_active-Dq0UnRo1.js", "/dashboard/assets/settings-DRB1xgrN.js", "/dashboard/assets/settings-D_JsCKf6.js", "/dashboard/assets/settings-aoM-nqTc.css", "/dashboard/assets/stability-DtOo0sWf.js", "/dashboard/assets/style-CvxIfvRq.css", "/dashboard/assets/subject_notes-BfjCYTn5.js", "/dashboard/assets/table_import-ulNGL8j9.js", "/dashboard/assets/tabs-DIfbEf1_.js", "/dashboard/assets/tapped_place-BS3ap3B_.js", "/dashboard/assets/treatments_panel-CyIzPESL.js", "/dashboard/assets/treatments_panel-DVfKxjTR.js", "/dashboard/assets/trial_form-DxsmJ7FT.js", "/dashboard/assets/trials_panel-BizP_SII.js", "/dashboard/assets/trials_panel-DIMjNUgA.css", "/dashboard/assets/weather_panel-BniOjES6.css", "/dashboard/assets/weather_panel-iCwnRgOq.js", "/dashboard/assets/wind_mark-BO0X39oA.js", "/dashboard/assets/yield_panel-CTjdgtZO.js", "/dashboard/assets/yield_panel-D-PL5Edh.css", "/dashboard/assets/yields-DyrFp4vy.js", "/dashboard/assets/zone_colours-zlW2cSzu.js", "/dashboard/assets/zone_key--IGR0G5v.js", "/dashboard/headland.svg", "/dashboard/icon-192.png", "/dashboard/icon-512.png", "/dashboard/icon-maskable-512.png", "/dashboard/manifest.webmanifest"];
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
