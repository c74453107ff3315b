// Service worker: the page opens without a network, with the last answers of the station, each marked with the time it was received.
// `vite.config.ts` puts the names of the built files in. Nothing here asks another host.

const VERSION = "820ba03ede56";
const FILES = ["/dashboard/assets/accounts-B5awagGw.js", "/dashboard/assets/against_applied-u-BA9bl_.js", "/dashboard/assets/alarms-CiL3Yvbk.js", "/dashboard/assets/asked_button-68ZEHU7e.js", "/dashboard/assets/band_text-CUKUyhCy.js", "/dashboard/assets/base-_lycCSud.js", "/dashboard/assets/chart-CaEEoT1w.js", "/dashboard/assets/chart-CnsZ1jie.css", "/dashboard/assets/cooperative-BJR7NU_u.js", "/dashboard/assets/cooperative-BXgG3YpN.js", "/dashboard/assets/date_range-C8nudevc.js", "/dashboard/assets/deliveries-CJ_KdsLX.js", "/dashboard/assets/dist-BsbcV6pe.js", "/dashboard/assets/draw_tool-BEJCMBhH.js", "/dashboard/assets/drawn_prescription-DAnpX0pJ.js", "/dashboard/assets/drawn_zones_model-CwVUGjsB.js", "/dashboard/assets/drop_file-qjGY49af.js", "/dashboard/assets/duty-C_eP9WgB.css", "/dashboard/assets/duty-CbZwd961.js", "/dashboard/assets/esm-Xkf8mv-x.js", "/dashboard/assets/farm_map-CvPY2l3M.js", "/dashboard/assets/field-B5UY7mts.css", "/dashboard/assets/field-BuPFSJcP.js", "/dashboard/assets/field-mvEjFmhw.js", "/dashboard/assets/field_map-fGpUXAXB.js", "/dashboard/assets/field_weather-DqcFKpow.js", "/dashboard/assets/field_work-CxVI4oGq.js", "/dashboard/assets/fields-C264yVFe.js", "/dashboard/assets/file_button-Bw2WcCaW.css", "/dashboard/assets/file_button-Djd7WTCB.js", "/dashboard/assets/file_button-oxJB6Wrp.js", "/dashboard/assets/files-DENn-ANe.js", "/dashboard/assets/first-DJ3TVqTz.css", "/dashboard/assets/first-DVf1FFt3.js", "/dashboard/assets/form-BWJFcaNr.js", "/dashboard/assets/greenhouse-BNVJ8rfz.js", "/dashboard/assets/greenhouse-DhTpH97h.css", "/dashboard/assets/greenhouse-DvyhVHZV.js", "/dashboard/assets/grid_map-BmDQPplb.js", "/dashboard/assets/harvest-CVJ0uitM.js", "/dashboard/assets/harvest_import-DIXWtXsn.js", "/dashboard/assets/health-BbBKw55q.js", "/dashboard/assets/house_tabs-Bv6xVAuL.js", "/dashboard/assets/imports_panel-Bc_UzQ_o.css", "/dashboard/assets/imports_panel-CKEWFVQm.js", "/dashboard/assets/index-BWzHtYqB.js", "/dashboard/assets/layout_map-Bk7_kMAt.js", "/dashboard/assets/map-BXC8rbrE.css", "/dashboard/assets/map-C0hvDe1E.js", "/dashboard/assets/maplibre-gl-worker-CZtFQQIV.mjs", "/dashboard/assets/money-BddgbOoJ.js", "/dashboard/assets/note_list-DxuCfp9n.js", "/dashboard/assets/notes-4tbu3EKr.js", "/dashboard/assets/notes-B2TpFBPd.css", "/dashboard/assets/notes_panel-B3BIvcXs.js", "/dashboard/assets/one_rate_prescription-CBYlHfm3.js", "/dashboard/assets/outline_model-CRvkcJVa.js", "/dashboard/assets/person_form-Bfe5ZK0A.js", "/dashboard/assets/person_form-C-taj1dq.js", "/dashboard/assets/person_record-CPP-t-pk.js", "/dashboard/assets/points_prescription-BtgzhMqb.js", "/dashboard/assets/prescription_fields-BG6jhbtD.js", "/dashboard/assets/push-Ce1CaCYY.js", "/dashboard/assets/recall-B5kG5jcQ.js", "/dashboard/assets/records-BT7gU0st.js", "/dashboard/assets/records-CdotEECP.js", "/dashboard/assets/records-CzpFTq0F.js", "/dashboard/assets/report_links-Hoco8kkN.js", "/dashboard/assets/set_active-B7wcYIgB.js", "/dashboard/assets/settings-CVMIBdal.js", "/dashboard/assets/settings-Dg2HBXNR.js", "/dashboard/assets/settings-aoM-nqTc.css", "/dashboard/assets/stability-CwV-aMEW.js", "/dashboard/assets/style-CvxIfvRq.css", "/dashboard/assets/subject_notes-lXyj87V1.js", "/dashboard/assets/table_import-BnUZEPyy.js", "/dashboard/assets/tabs-Cgx2AYe0.js", "/dashboard/assets/tapped_place-BxO-FGUn.js", "/dashboard/assets/treatments_panel-DHdc10f6.js", "/dashboard/assets/treatments_panel-DSCFQDMi.js", "/dashboard/assets/trial_form-DKPSVK-4.js", "/dashboard/assets/trials_panel-B6DOog0P.js", "/dashboard/assets/trials_panel-DIMjNUgA.css", "/dashboard/assets/weather_panel-BniOjES6.css", "/dashboard/assets/weather_panel-CDwzvBj0.js", "/dashboard/assets/wind_mark-CBKAtWO8.js", "/dashboard/assets/yield_panel-BWxAMI2G.js", "/dashboard/assets/yield_panel-D-PL5Edh.css", "/dashboard/assets/yields-BfEUQloA.js", "/dashboard/assets/zone_colours-BKSKdHJ7.js", "/dashboard/assets/zone_key-Cjbfml2J.js", "/dashboard/headland.svg", "/dashboard/icon-192.png", "/dashboard/icon-512.png", "/dashboard/icon-maskable-512.png", "/dashboard/manifest.webmanifest"];
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
