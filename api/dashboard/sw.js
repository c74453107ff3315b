// Service worker: the page opens without a network, with the last answers of the station, each marked with the time it was received.
// `vite.config.ts` puts the names of the built files in. Nothing here asks another host.

const VERSION = "c84d5ca7cc09";
const FILES = ["/dashboard/assets/accounts-DXvuMTPT.js", "/dashboard/assets/against_applied-DY9EZ5c1.js", "/dashboard/assets/alarms-BFOvWZ8P.js", "/dashboard/assets/asked_button-DjX-LI0Z.js", "/dashboard/assets/band_text-_6W7J0eh.js", "/dashboard/assets/base-CXm9-AVa.js", "/dashboard/assets/chart-BpcpILzx.js", "/dashboard/assets/chart-CnsZ1jie.css", "/dashboard/assets/choice-B2nDFS82.js", "/dashboard/assets/chosen_note-C7HLww3-.js", "/dashboard/assets/cooperative-Ab32HE0p.js", "/dashboard/assets/cooperative-DgwLKjQz.js", "/dashboard/assets/date_range-BnKOhdtn.js", "/dashboard/assets/deliveries-DGP5KVYO.js", "/dashboard/assets/dist-BsbcV6pe.js", "/dashboard/assets/draw_tool-BEJCMBhH.js", "/dashboard/assets/drawn_prescription-BlDfXQwb.js", "/dashboard/assets/drawn_zones_model-CwVUGjsB.js", "/dashboard/assets/drop_file-W2q1jm2J.js", "/dashboard/assets/duty-C_eP9WgB.css", "/dashboard/assets/duty-CvOWQu7z.js", "/dashboard/assets/esm-Xkf8mv-x.js", "/dashboard/assets/farm_map-B7-tbGOj.js", "/dashboard/assets/field-B1qYlvXA.js", "/dashboard/assets/field-B5UY7mts.css", "/dashboard/assets/field-oLmAjKWh.js", "/dashboard/assets/field_map-Drh-PmkI.js", "/dashboard/assets/field_weather-DQja-2KA.js", "/dashboard/assets/field_work-DsnmHagL.js", "/dashboard/assets/fields-CLpC_hjA.js", "/dashboard/assets/file_button-Bw2WcCaW.css", "/dashboard/assets/file_button-CuLJPhJW.js", "/dashboard/assets/file_button-VxTU-tGt.js", "/dashboard/assets/files-CiL96yzS.js", "/dashboard/assets/first-CfhFaTb5.js", "/dashboard/assets/first-DJ3TVqTz.css", "/dashboard/assets/form-MZnLkhKP.js", "/dashboard/assets/greenhouse-DhTpH97h.css", "/dashboard/assets/greenhouse-Dp9Aqs5d.js", "/dashboard/assets/greenhouse-TZt8xOd-.js", "/dashboard/assets/grid_map-6RUbbtNc.js", "/dashboard/assets/harvest-D2K-LpQi.js", "/dashboard/assets/harvest_import-C8jmBI2s.js", "/dashboard/assets/health-55Lv15HO.js", "/dashboard/assets/house_tabs-D_qQ2mkk.js", "/dashboard/assets/imports_panel--u7efbUi.js", "/dashboard/assets/imports_panel-Bc_UzQ_o.css", "/dashboard/assets/index-BEVHW-d_.js", "/dashboard/assets/interval_mark-BJYRc26E.js", "/dashboard/assets/layout_map-DM974nUl.js", "/dashboard/assets/map-BXC8rbrE.css", "/dashboard/assets/map-DpwAGhjf.js", "/dashboard/assets/maplibre-gl-worker-CZtFQQIV.mjs", "/dashboard/assets/money-Bg6Kzw7S.js", "/dashboard/assets/note_form-B_eyBZSo.js", "/dashboard/assets/note_list-CZ3IJ1Ne.js", "/dashboard/assets/notes-B2TpFBPd.css", "/dashboard/assets/notes-DguQj1uk.js", "/dashboard/assets/notes_panel-DqSM3Ezd.js", "/dashboard/assets/one_rate_prescription-BwoAWfVn.js", "/dashboard/assets/outline_model-CRvkcJVa.js", "/dashboard/assets/person_form-CjUW4nPU.js", "/dashboard/assets/person_form-CvMQATuO.js", "/dashboard/assets/person_record-Cn6Ob2xM.js", "/dashboard/assets/points_prescription-knUoHJSD.js", "/dashboard/assets/prescription_fields-D86qXXrE.js", "/dashboard/assets/push-DkGOSbhm.js", "/dashboard/assets/recall-DVdC7_Kg.js", "/dashboard/assets/records-BtZRet5K.js", "/dashboard/assets/records-DXcRU_JH.js", "/dashboard/assets/records-Da6j9cvS.js", "/dashboard/assets/report_links-BXgh_6S7.js", "/dashboard/assets/set_active-DYTr9AkT.js", "/dashboard/assets/settings-D2VDN-Dj.js", "/dashboard/assets/settings-DFgsTbef.js", "/dashboard/assets/settings-aoM-nqTc.css", "/dashboard/assets/stability-Dbr8-S4s.js", "/dashboard/assets/style-al9bOVF6.css", "/dashboard/assets/subject_notes-D6m-bVaV.js", "/dashboard/assets/table_import-C3PtEuz_.js", "/dashboard/assets/tabs-CYd1dsaq.js", "/dashboard/assets/tapped_place-C62WEYSS.js", "/dashboard/assets/treatments_panel-D_njBbBb.js", "/dashboard/assets/treatments_panel-K8AV-2xE.js", "/dashboard/assets/trial_form-aYSq98Hs.js", "/dashboard/assets/trials_panel-BKjpFeSK.js", "/dashboard/assets/trials_panel-DIMjNUgA.css", "/dashboard/assets/weather_panel-BniOjES6.css", "/dashboard/assets/weather_panel-Bv2M2bC4.js", "/dashboard/assets/wind_mark-C5zhC6ji.js", "/dashboard/assets/yield_panel-B2SSuLYF.js", "/dashboard/assets/yield_panel-D-PL5Edh.css", "/dashboard/assets/yields-B0x0JmiE.js", "/dashboard/assets/zone_colours-Ba9CN4I6.js", "/dashboard/assets/zone_key-DBDqNUjy.js", "/dashboard/headland.svg", "/dashboard/icon-192.png", "/dashboard/icon-512.png", "/dashboard/icon-maskable-512.png", "/dashboard/manifest.webmanifest"];
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
