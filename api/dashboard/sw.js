// Service worker: the page opens without a network, with the last answers of the station, each marked with the time it was received.
// `vite.config.ts` puts the names of the built files in. Nothing here asks another host.

const VERSION = "82e39a5dcc65";
const FILES = ["/dashboard/assets/accounts-BRKcP-iq.js", "/dashboard/assets/against_applied-BXiD5g_W.js", "/dashboard/assets/alarms-WCtkQiIH.js", "/dashboard/assets/asked_button-BTzsDJpb.js", "/dashboard/assets/band_text-C749-QiT.js", "/dashboard/assets/base-BUWa4b7R.js", "/dashboard/assets/chart-CnsZ1jie.css", "/dashboard/assets/chart-UlEgzMaG.js", "/dashboard/assets/choice-B2nDFS82.js", "/dashboard/assets/chosen_note-B92GcMbs.js", "/dashboard/assets/cooperative-CfHagr7p.js", "/dashboard/assets/cooperative-D4yUHcWa.js", "/dashboard/assets/date_range-CgTUvvHm.js", "/dashboard/assets/deliveries-DoLOMwES.js", "/dashboard/assets/dist-BsbcV6pe.js", "/dashboard/assets/draw_tool-BEJCMBhH.js", "/dashboard/assets/drawn_prescription-jzpezzSy.js", "/dashboard/assets/drawn_zones_model-CwVUGjsB.js", "/dashboard/assets/drop_file-DwbFXBPl.js", "/dashboard/assets/duty-C_eP9WgB.css", "/dashboard/assets/duty-KiIXctWa.js", "/dashboard/assets/esm-Xkf8mv-x.js", "/dashboard/assets/farm_map-DTV4Hn_K.js", "/dashboard/assets/field-B0aAbWOF.js", "/dashboard/assets/field-B5UY7mts.css", "/dashboard/assets/field-CKCIt2nk.js", "/dashboard/assets/field_map-_6txCSzU.js", "/dashboard/assets/field_weather-CaS9R4iE.js", "/dashboard/assets/field_work-DCrNOzPM.js", "/dashboard/assets/fields-C_N8jwKe.js", "/dashboard/assets/file_button-B-WZnPJj.js", "/dashboard/assets/file_button-Bw2WcCaW.css", "/dashboard/assets/file_button-Ct2aC4Qh.js", "/dashboard/assets/files-CAtePdku.js", "/dashboard/assets/first-BwsxsBAn.js", "/dashboard/assets/first-DJ3TVqTz.css", "/dashboard/assets/form-NScwU8Py.js", "/dashboard/assets/greenhouse-DCkaGfMx.js", "/dashboard/assets/greenhouse-DhTpH97h.css", "/dashboard/assets/greenhouse-DxjtJE2u.js", "/dashboard/assets/grid_map-Dw1NmtTc.js", "/dashboard/assets/harvest-4SxMp515.js", "/dashboard/assets/harvest_import-SnN_Kh0X.js", "/dashboard/assets/health-DlRckLQI.js", "/dashboard/assets/house_tabs-DlYi_CKL.js", "/dashboard/assets/imports_panel-7gFlvocf.js", "/dashboard/assets/imports_panel-Bc_UzQ_o.css", "/dashboard/assets/index-aVYTTNsS.js", "/dashboard/assets/interval_mark-KkB7Ns5d.js", "/dashboard/assets/layout_map-QGBlBVSL.js", "/dashboard/assets/map-BXC8rbrE.css", "/dashboard/assets/map-CPVqXZVu.js", "/dashboard/assets/maplibre-gl-worker-CZtFQQIV.mjs", "/dashboard/assets/money-BQF43H9N.js", "/dashboard/assets/note_form-dRHV6dnQ.js", "/dashboard/assets/note_list-CX6qAkkB.js", "/dashboard/assets/notes-B2TpFBPd.css", "/dashboard/assets/notes-DF1yz4kM.js", "/dashboard/assets/notes_panel-sYDBxYnn.js", "/dashboard/assets/one_rate_prescription-C_tIiADk.js", "/dashboard/assets/outline_model-CRvkcJVa.js", "/dashboard/assets/person_form-C9wzrhTO.js", "/dashboard/assets/person_form-ZkaUgCMT.js", "/dashboard/assets/person_record-CrRv0-zZ.js", "/dashboard/assets/points_prescription-JVPD_wZQ.js", "/dashboard/assets/prescription_fields-CcSkl_Q9.js", "/dashboard/assets/push-DTztwDv_.js", "/dashboard/assets/recall-B4lJa8qj.js", "/dashboard/assets/records-DG9GGi70.js", "/dashboard/assets/records-DIzMQuu-.js", "/dashboard/assets/records-WhaPfBHD.js", "/dashboard/assets/report_links-Be_3y36h.js", "/dashboard/assets/set_active-IZCtlb4A.js", "/dashboard/assets/settings-D32JMjsD.js", "/dashboard/assets/settings-aoM-nqTc.css", "/dashboard/assets/settings-oSLrDfOh.js", "/dashboard/assets/stability-BbSu1rui.js", "/dashboard/assets/style-al9bOVF6.css", "/dashboard/assets/subject_notes-BGzimOYv.js", "/dashboard/assets/table_import--bm8lj4u.js", "/dashboard/assets/tabs-CXg0Pcrk.js", "/dashboard/assets/tapped_place-CkRdsKXR.js", "/dashboard/assets/treatments_panel-BDB1mMJ7.js", "/dashboard/assets/treatments_panel-CBaEXc-s.js", "/dashboard/assets/trial_form-KATrYwZ7.js", "/dashboard/assets/trials_panel-Boh2XgAg.js", "/dashboard/assets/trials_panel-DIMjNUgA.css", "/dashboard/assets/weather_panel-BniOjES6.css", "/dashboard/assets/weather_panel-CZBKpp0G.js", "/dashboard/assets/wind_mark-C7LSdfek.js", "/dashboard/assets/yield_panel--cZ1jb2o.js", "/dashboard/assets/yield_panel-D-PL5Edh.css", "/dashboard/assets/yields-CqYg_iaI.js", "/dashboard/assets/zone_colours-SL1P6iSX.js", "/dashboard/assets/zone_key-Ba4WtQm8.js", "/dashboard/headland.svg", "/dashboard/icon-192.png", "/dashboard/icon-512.png", "/dashboard/icon-maskable-512.png", "/dashboard/manifest.webmanifest"];
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
