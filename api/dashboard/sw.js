// Service worker: the page opens without a network, with the last answers of the station, each marked with the time it was received.
// `vite.config.ts` puts the names of the built files in. Nothing here asks another host.

const VERSION = "16f6d7663a71";
const FILES = ["/dashboard/assets/accounts-Lj1cmunI.js", "/dashboard/assets/against_applied-D-g3QxGa.js", "/dashboard/assets/alarms-DYK-075q.js", "/dashboard/assets/asked_button-FIzixpk_.js", "/dashboard/assets/band_text-D3-5c3JG.js", "/dashboard/assets/base-DMeddr72.js", "/dashboard/assets/chart-CnsZ1jie.css", "/dashboard/assets/chart-CzTilphD.js", "/dashboard/assets/cooperative-CPs0-uOf.js", "/dashboard/assets/cooperative-ENVUTiOJ.js", "/dashboard/assets/date_range-GksxbxAh.js", "/dashboard/assets/deliveries-BIsP4zlL.js", "/dashboard/assets/dist-BsbcV6pe.js", "/dashboard/assets/draw_tool-BEJCMBhH.js", "/dashboard/assets/drawn_prescription-nLM4RN2-.js", "/dashboard/assets/drop_file-Bf45bYvO.js", "/dashboard/assets/duty-C_eP9WgB.css", "/dashboard/assets/duty-Cl4uwAMR.js", "/dashboard/assets/esm-Xkf8mv-x.js", "/dashboard/assets/farm_map-fTsZIcs-.js", "/dashboard/assets/field-B5UY7mts.css", "/dashboard/assets/field-BdnjPT5l.js", "/dashboard/assets/field-DQvsYomL.js", "/dashboard/assets/field_map-C7SQvY1k.js", "/dashboard/assets/field_weather-BlYkf2tI.js", "/dashboard/assets/field_work-D3vlfyuS.js", "/dashboard/assets/fields-Ofz1cJH-.js", "/dashboard/assets/file_button-B8aT-LRv.js", "/dashboard/assets/file_button-Bw2WcCaW.css", "/dashboard/assets/file_button-lVZMD4Mf.js", "/dashboard/assets/files-C34sznOV.js", "/dashboard/assets/first-BsXrxnTQ.js", "/dashboard/assets/first-DJ3TVqTz.css", "/dashboard/assets/form-Dbr5jmPN.js", "/dashboard/assets/greenhouse-B628bFOv.js", "/dashboard/assets/greenhouse-DhTpH97h.css", "/dashboard/assets/greenhouse-RLzi2l45.js", "/dashboard/assets/grid_map-Dri8L7ep.js", "/dashboard/assets/harvest-DPKdWNBb.js", "/dashboard/assets/harvest_import-DuthxO6S.js", "/dashboard/assets/health-BCVEGE2J.js", "/dashboard/assets/house_tabs-D7tpuf0U.js", "/dashboard/assets/imports_panel-9Im5MOUH.js", "/dashboard/assets/imports_panel-Bc_UzQ_o.css", "/dashboard/assets/index-_K6Tb4tA.js", "/dashboard/assets/layout_map-k9lSPawQ.js", "/dashboard/assets/map-BXC8rbrE.css", "/dashboard/assets/map-Dk-imUnD.js", "/dashboard/assets/maplibre-gl-worker-CZtFQQIV.mjs", "/dashboard/assets/money-BEpzJL_U.js", "/dashboard/assets/note_list-C2Rn0e8L.js", "/dashboard/assets/notes-B2TpFBPd.css", "/dashboard/assets/notes-cAhKdmBl.js", "/dashboard/assets/notes_panel-BmFZs8os.js", "/dashboard/assets/outline_model-CRvkcJVa.js", "/dashboard/assets/person_form-CAGQKNeQ.js", "/dashboard/assets/person_form-DtcyjMLy.js", "/dashboard/assets/person_record-8YAyoQhK.js", "/dashboard/assets/points_prescription-BrhZVkgo.js", "/dashboard/assets/push-2bronjUm.js", "/dashboard/assets/recall-Bk_QKprp.js", "/dashboard/assets/records-5EmGO4YU.js", "/dashboard/assets/records-BHO3du8F.js", "/dashboard/assets/records-BlfdvvTJ.js", "/dashboard/assets/report_links-BXtyCMr1.js", "/dashboard/assets/set_active-DdXao3Vs.js", "/dashboard/assets/settings-CifVfnI0.js", "/dashboard/assets/settings-Dn7XOBpd.js", "/dashboard/assets/settings-aoM-nqTc.css", "/dashboard/assets/stability-BnNXnNYx.js", "/dashboard/assets/style-BSkv7z8b.css", "/dashboard/assets/subject_notes-njka2j-T.js", "/dashboard/assets/table_import-CiUEzk9Z.js", "/dashboard/assets/tabs-B_TksTVU.js", "/dashboard/assets/tapped_place-oUwlvlL4.js", "/dashboard/assets/treatments_panel-BQ4tLTGE.js", "/dashboard/assets/treatments_panel-C36K0klc.js", "/dashboard/assets/trial_form-CJEy_pVG.js", "/dashboard/assets/trials_panel-CY73tpar.js", "/dashboard/assets/trials_panel-DIMjNUgA.css", "/dashboard/assets/weather_panel-BniOjES6.css", "/dashboard/assets/weather_panel-DIbfWIAD.js", "/dashboard/assets/wind_mark-Cyx1BKBM.js", "/dashboard/assets/yield_panel-Br4_BAkJ.js", "/dashboard/assets/yield_panel-D-PL5Edh.css", "/dashboard/assets/yields-CXICXN6J.js", "/dashboard/assets/zone_colours-Czdq5VDn.js", "/dashboard/assets/zone_key-Sw0M0cYc.js", "/dashboard/headland.svg", "/dashboard/icon-192.png", "/dashboard/icon-512.png", "/dashboard/icon-maskable-512.png", "/dashboard/manifest.webmanifest"];
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
