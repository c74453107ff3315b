// Service worker: the page opens without a network, with the last answers of the station, each marked with the time it was received.
// `vite.config.ts` puts the names of the built files in. Nothing here asks another host.

const VERSION = "976e2df3afdd";
const FILES = ["/dashboard/assets/accounts-BhXKU3lA.js", "/dashboard/assets/against_applied-Bg8cx4Zi.js", "/dashboard/assets/alarms-DwyFCuNH.js", "/dashboard/assets/band_text-Fg6mwn1x.js", "/dashboard/assets/base-BIT2BP-_.js", "/dashboard/assets/chart-BaUOVzb6.js", "/dashboard/assets/chart-CnsZ1jie.css", "/dashboard/assets/choice-B2nDFS82.js", "/dashboard/assets/choice-BQwvwvZO.js", "/dashboard/assets/chosen_note-684yvkOf.js", "/dashboard/assets/cooperative-CC76_E4W.js", "/dashboard/assets/cooperative-Lz-s_WYG.js", "/dashboard/assets/date_range-mCWHIbJH.js", "/dashboard/assets/deliveries-ADmJubgH.js", "/dashboard/assets/dist-BsbcV6pe.js", "/dashboard/assets/draw_tool-DIAPLRoF.js", "/dashboard/assets/drawn_prescription-CO2iXipN.js", "/dashboard/assets/drawn_zones_model-CToImtA6.js", "/dashboard/assets/drop_file-DN8DtTrv.js", "/dashboard/assets/duty-C_eP9WgB.css", "/dashboard/assets/duty-DoOoSqUV.js", "/dashboard/assets/esm-Xkf8mv-x.js", "/dashboard/assets/farm_map-C-qc39Lz.js", "/dashboard/assets/field-B5UY7mts.css", "/dashboard/assets/field-B8wGSjQF.js", "/dashboard/assets/field-D4l4bNCD.js", "/dashboard/assets/field_map-C3MO4D4l.js", "/dashboard/assets/field_weather-BpM5UB5Z.js", "/dashboard/assets/field_work-C65Gmxb6.js", "/dashboard/assets/fields-CxPXd7CJ.js", "/dashboard/assets/file_button-BI12Q5Df.js", "/dashboard/assets/file_button-Bw2WcCaW.css", "/dashboard/assets/file_button-jqN5Wnbs.js", "/dashboard/assets/files-qLSFVS1a.js", "/dashboard/assets/first-DJ3TVqTz.css", "/dashboard/assets/first-edtQ2NXc.js", "/dashboard/assets/form-CF28zCZV.js", "/dashboard/assets/gateway_rules-Dih3F87p.js", "/dashboard/assets/greenhouse-9NM_YYkd.js", "/dashboard/assets/greenhouse-DhTpH97h.css", "/dashboard/assets/greenhouse-DuxsxIU6.js", "/dashboard/assets/grid_map-CKY_yC8_.js", "/dashboard/assets/harvest-BJ26olEE.js", "/dashboard/assets/harvest_import-CzmzkPaf.js", "/dashboard/assets/health-D0t8W4Ng.js", "/dashboard/assets/health-EmIzEVxZ.js", "/dashboard/assets/house_tabs-BS4kSIGm.js", "/dashboard/assets/imports_panel-Bc_UzQ_o.css", "/dashboard/assets/imports_panel-Hc3mSb_E.js", "/dashboard/assets/index-jkOTWj99.js", "/dashboard/assets/interval_mark-DIA3Nx1g.js", "/dashboard/assets/kept_records-B1xwYhM2.js", "/dashboard/assets/layout_map-CxDAgtgk.js", "/dashboard/assets/map-BXC8rbrE.css", "/dashboard/assets/map-CcykSh0J.js", "/dashboard/assets/maplibre-gl-worker-CZtFQQIV.mjs", "/dashboard/assets/money-bPbFKosQ.js", "/dashboard/assets/note_form-BaMIhd1i.js", "/dashboard/assets/note_list-CA_K6Ve_.js", "/dashboard/assets/notes-B2TpFBPd.css", "/dashboard/assets/notes-Dku-OJsX.js", "/dashboard/assets/notes_panel-C0IhlOQp.js", "/dashboard/assets/one_rate_prescription-C8saQwQS.js", "/dashboard/assets/outline_model-BFuZTcCD.js", "/dashboard/assets/own-5Z4Ysrj0.js", "/dashboard/assets/own-Byy4zI2g.js", "/dashboard/assets/people-2p7tPgeD.js", "/dashboard/assets/person_data-D4jOOYI1.js", "/dashboard/assets/person_data-Irz1gueq.js", "/dashboard/assets/person_form-D9LLSRvB.js", "/dashboard/assets/person_form-DKpsXK0j.js", "/dashboard/assets/person_record-B2fPQ0sr.js", "/dashboard/assets/points_prescription-JxKfy9tF.js", "/dashboard/assets/prescription_fields-AeVnXJNK.js", "/dashboard/assets/push-BzkAMuEX.js", "/dashboard/assets/recall-CMtmR1s0.js", "/dashboard/assets/records-B86TeBft.js", "/dashboard/assets/records-CBXm_cv4.js", "/dashboard/assets/records-OlcTn7Nd.js", "/dashboard/assets/report_links-Cx9Y9Mqg.js", "/dashboard/assets/season_period-C6yLftC_.js", "/dashboard/assets/set_active-hA4BGiK5.js", "/dashboard/assets/settings-BwQUs4xj.js", "/dashboard/assets/settings-aoM-nqTc.css", "/dashboard/assets/settings-jvXlHdRY.js", "/dashboard/assets/stability-C9xreX6-.js", "/dashboard/assets/style--P5ktQ2A.css", "/dashboard/assets/subject_notes-gjv0BQHF.js", "/dashboard/assets/table_import-DWDv3tL8.js", "/dashboard/assets/tabs-BygS0r-7.js", "/dashboard/assets/tapped_place-Bh2Lbxfw.js", "/dashboard/assets/treatments_panel-Dpt7eUYe.js", "/dashboard/assets/treatments_panel-yvPiRi2Q.js", "/dashboard/assets/trial_form-D9e_1jk0.js", "/dashboard/assets/trials_panel-BMguEMLg.js", "/dashboard/assets/trials_panel-DIMjNUgA.css", "/dashboard/assets/weather_panel-BniOjES6.css", "/dashboard/assets/weather_panel-Covgbhb5.js", "/dashboard/assets/wind_mark-BgqrjuEh.js", "/dashboard/assets/yield_panel-C1Mr22aZ.js", "/dashboard/assets/yield_panel-D-PL5Edh.css", "/dashboard/assets/yields-90XObsrg.js", "/dashboard/assets/zone_colours-weoUiAZu.js", "/dashboard/assets/zone_key-2ilPsOS7.js", "/dashboard/headland.svg", "/dashboard/icon-192.png", "/dashboard/icon-512.png", "/dashboard/icon-maskable-512.png", "/dashboard/manifest.webmanifest"];
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
