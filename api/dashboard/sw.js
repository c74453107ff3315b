// Service worker: the page opens without a network, with the last answers of the station, each marked with the time it was received.
// `vite.config.ts` puts the names of the built files in. Nothing here asks another host.

const VERSION = "312dc5c381b4";
const FILES = ["/dashboard/assets/accounts-GMIGOiJA.js", "/dashboard/assets/against_applied-CtTv1Mbq.js", "/dashboard/assets/alarms-7uEoCp36.js", "/dashboard/assets/band_text-CYxhKhtk.js", "/dashboard/assets/base-BVRQoaaF.js", "/dashboard/assets/chart-CnsZ1jie.css", "/dashboard/assets/chart-Di9ebfuq.js", "/dashboard/assets/choice-B2nDFS82.js", "/dashboard/assets/choice-IpQO3h5E.js", "/dashboard/assets/chosen_note-6DRsJqcu.js", "/dashboard/assets/cooperative-CT9ckfU6.js", "/dashboard/assets/cooperative-G8ZtiSJ1.js", "/dashboard/assets/date_range-BpL3eFcs.js", "/dashboard/assets/deliveries-D3jBl8cq.js", "/dashboard/assets/dist-BsbcV6pe.js", "/dashboard/assets/draw_tool-MXZkkkh6.js", "/dashboard/assets/drawn_prescription-DBTQsJBL.js", "/dashboard/assets/drawn_zones_model-D68gNax-.js", "/dashboard/assets/drop_file-DntH07nt.js", "/dashboard/assets/duty-CRfk7rLb.js", "/dashboard/assets/duty-C_eP9WgB.css", "/dashboard/assets/esm-Xkf8mv-x.js", "/dashboard/assets/farm_map-DLPv2iHK.js", "/dashboard/assets/field-B5UY7mts.css", "/dashboard/assets/field-DzYlV7Yl.js", "/dashboard/assets/field-TcyZ29qI.js", "/dashboard/assets/field_map-SpptAYAj.js", "/dashboard/assets/field_weather-LID5jJTr.js", "/dashboard/assets/field_work-fdc79CCT.js", "/dashboard/assets/fields-kmed-Nxk.js", "/dashboard/assets/file_button-BnmVKpES.js", "/dashboard/assets/file_button-Bw2WcCaW.css", "/dashboard/assets/file_button-CznXVRe9.js", "/dashboard/assets/files-zzNm0w9G.js", "/dashboard/assets/first-DJ3TVqTz.css", "/dashboard/assets/first-wy9XFT9z.js", "/dashboard/assets/form-Dx85DPnl.js", "/dashboard/assets/greenhouse-1ZD4rx90.js", "/dashboard/assets/greenhouse-DAhpSeDK.js", "/dashboard/assets/greenhouse-DhTpH97h.css", "/dashboard/assets/grid_map-DsoYvPjM.js", "/dashboard/assets/harvest-DJl6NLvk.js", "/dashboard/assets/harvest_import-DOICXpsu.js", "/dashboard/assets/health-BOHpTuo_.js", "/dashboard/assets/health-Cft9PNEV.js", "/dashboard/assets/house_tabs-D28zqCdO.js", "/dashboard/assets/imports_panel-Bc_UzQ_o.css", "/dashboard/assets/imports_panel-Blf7qv2L.js", "/dashboard/assets/index-B8k6HBXs.js", "/dashboard/assets/interval_mark-C5IuEXCQ.js", "/dashboard/assets/kept_records-Bbky16mK.js", "/dashboard/assets/layout_map-DG9Tz_Er.js", "/dashboard/assets/map-BXC8rbrE.css", "/dashboard/assets/map-C2yaU7Bf.js", "/dashboard/assets/maplibre-gl-worker-CZtFQQIV.mjs", "/dashboard/assets/money-AJqz0Kbd.js", "/dashboard/assets/note_form-xjIjvbkX.js", "/dashboard/assets/note_list-DxlBDRZ1.js", "/dashboard/assets/notes-B2TpFBPd.css", "/dashboard/assets/notes-BiaCYR-m.js", "/dashboard/assets/notes_panel-DGOmoLgi.js", "/dashboard/assets/one_rate_prescription-_5s4hslZ.js", "/dashboard/assets/outline_model-DcX_n7JT.js", "/dashboard/assets/own-8aXmlyZu.js", "/dashboard/assets/own-BfMZhwqG.js", "/dashboard/assets/people-DSaCP14N.js", "/dashboard/assets/person_data-B5fKkTWK.js", "/dashboard/assets/person_data-Cvf2aYHO.js", "/dashboard/assets/person_form-B21l-1tH.js", "/dashboard/assets/person_form-CnChajiI.js", "/dashboard/assets/person_record-CDjscGHA.js", "/dashboard/assets/points_prescription-Buxe_gI9.js", "/dashboard/assets/prescription_fields-C6ddnsDr.js", "/dashboard/assets/push-DkGgtsUQ.js", "/dashboard/assets/recall-DKpCnzpD.js", "/dashboard/assets/records-BF-kut5J.js", "/dashboard/assets/records-DhHjrfhF.js", "/dashboard/assets/records-m11fWlCB.js", "/dashboard/assets/report_links-cY--gn2v.js", "/dashboard/assets/season_period-BzW8k_dw.js", "/dashboard/assets/set_active-DC08eV-q.js", "/dashboard/assets/settings-DlRheV24.js", "/dashboard/assets/settings-Dzoia-sH.js", "/dashboard/assets/settings-aoM-nqTc.css", "/dashboard/assets/stability-Bse--fNl.js", "/dashboard/assets/style--P5ktQ2A.css", "/dashboard/assets/subject_notes-23pzHoe6.js", "/dashboard/assets/table_import-sr_Jy8eD.js", "/dashboard/assets/tabs-Csp67TLn.js", "/dashboard/assets/tapped_place-C93pnU80.js", "/dashboard/assets/treatments_panel-ClGNXSJA.js", "/dashboard/assets/treatments_panel-DxpiciwG.js", "/dashboard/assets/trial_form-BiN3fXvJ.js", "/dashboard/assets/trials_panel-CxglapvV.js", "/dashboard/assets/trials_panel-DIMjNUgA.css", "/dashboard/assets/weather_panel-BniOjES6.css", "/dashboard/assets/weather_panel-ORCk8JVH.js", "/dashboard/assets/wind_mark-51JQ_TcL.js", "/dashboard/assets/yield_panel-BfsACd_G.js", "/dashboard/assets/yield_panel-D-PL5Edh.css", "/dashboard/assets/yields-CytZfHyW.js", "/dashboard/assets/zone_colours-Dtg0EbC9.js", "/dashboard/assets/zone_key-BdtaYUpU.js", "/dashboard/headland.svg", "/dashboard/icon-192.png", "/dashboard/icon-512.png", "/dashboard/icon-maskable-512.png", "/dashboard/manifest.webmanifest"];
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
