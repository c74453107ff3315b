// Service worker: the page opens without a network, with the last answers of the station, each marked with the time it was received.
// `vite.config.ts` puts the names of the built files in. Nothing here asks another host.

const VERSION = "10d63e148f42";
const FILES = ["/dashboard/assets/accounts-CpznDXMZ.js", "/dashboard/assets/against_applied-jWENWj5o.js", "/dashboard/assets/alarms-CbPdSWJD.js", "/dashboard/assets/band_text-DlSdhL63.js", "/dashboard/assets/base-CtzqbmYd.js", "/dashboard/assets/chart-CnsZ1jie.css", "/dashboard/assets/chart-D9Em7U0L.js", "/dashboard/assets/choice-B2nDFS82.js", "/dashboard/assets/choice-CP7jmsw_.js", "/dashboard/assets/chosen_note-Bukoe8M5.js", "/dashboard/assets/cooperative-DWOJimDw.js", "/dashboard/assets/cooperative-DgjVlks-.js", "/dashboard/assets/date_range-CmJRxo0S.js", "/dashboard/assets/delete_record-rkM3pjox.js", "/dashboard/assets/deliveries-Zyc3ziDZ.js", "/dashboard/assets/dist-BsbcV6pe.js", "/dashboard/assets/draw_tool-CzFXWP1X.js", "/dashboard/assets/drawn_prescription-D0CXNo3y.js", "/dashboard/assets/drawn_zones_model-Dm36AB4d.js", "/dashboard/assets/drop_file-Bj_kYVHj.js", "/dashboard/assets/duty-BSw1rmUg.js", "/dashboard/assets/duty-C_eP9WgB.css", "/dashboard/assets/esm-Xkf8mv-x.js", "/dashboard/assets/facts-CmUQ4qXe.js", "/dashboard/assets/farm_map-Cl3CI58J.js", "/dashboard/assets/field-B5UY7mts.css", "/dashboard/assets/field-CpJjYyip.js", "/dashboard/assets/field-hJQuJ_Lo.js", "/dashboard/assets/field_map-Cjs-6ZEK.js", "/dashboard/assets/field_weather-C2k8W4oe.js", "/dashboard/assets/field_work-CTPeFzdL.js", "/dashboard/assets/fields-DHsPBAkc.js", "/dashboard/assets/file_button--flR0gwU.js", "/dashboard/assets/file_button-Bw2WcCaW.css", "/dashboard/assets/file_button-D8s3i998.js", "/dashboard/assets/files-Cqa5ENgh.js", "/dashboard/assets/first-D0_FCWPE.js", "/dashboard/assets/first-DJ3TVqTz.css", "/dashboard/assets/form-pW6zXDZ8.js", "/dashboard/assets/gateway_rules-BeivpBES.js", "/dashboard/assets/greenhouse-CEl0NWgb.js", "/dashboard/assets/greenhouse-DhTpH97h.css", "/dashboard/assets/greenhouse-Dsj7qeIV.js", "/dashboard/assets/grid_map-3O_YVLx-.js", "/dashboard/assets/harvest-B1VY5FC1.js", "/dashboard/assets/harvest_import-B5UN1Fhn.js", "/dashboard/assets/health-Bn0wGrHi.js", "/dashboard/assets/health-CXTjHnMx.js", "/dashboard/assets/house_tabs-quBy9ja3.js", "/dashboard/assets/imports_panel-Bc_UzQ_o.css", "/dashboard/assets/imports_panel-BcyxBV8i.js", "/dashboard/assets/index-CLA3cTpf.js", "/dashboard/assets/interval_mark-DEG4pHyr.js", "/dashboard/assets/kept_records-LC7ns3W6.js", "/dashboard/assets/layout_map-CDEL2ZMq.js", "/dashboard/assets/map-BXC8rbrE.css", "/dashboard/assets/map-C9v9fLpT.js", "/dashboard/assets/maplibre-gl-worker-CZtFQQIV.mjs", "/dashboard/assets/money-B4f8g5Kf.js", "/dashboard/assets/note_form-BQ7fU0Qd.js", "/dashboard/assets/note_list-8DfOSTXn.js", "/dashboard/assets/notes-B-f3Vw6C.js", "/dashboard/assets/notes-B2TpFBPd.css", "/dashboard/assets/notes_panel-DMtucIOX.js", "/dashboard/assets/one_rate_prescription-B5AkFrsL.js", "/dashboard/assets/outline_model-7eF2DDc_.js", "/dashboard/assets/own-CyihEFE5.js", "/dashboard/assets/own-DxNGQ6o5.js", "/dashboard/assets/people-By_xPBlZ.js", "/dashboard/assets/person_data-B-0PJ996.js", "/dashboard/assets/person_data-ktOpXr72.js", "/dashboard/assets/person_form-BM8pWpzi.js", "/dashboard/assets/person_form-BV_SMDtF.js", "/dashboard/assets/person_record-BEFEj5Qp.js", "/dashboard/assets/points_prescription-BiJ_JDdo.js", "/dashboard/assets/prescription_fields-B2Pvp64E.js", "/dashboard/assets/push-CLZoAwJA.js", "/dashboard/assets/recall-BUuXBAqL.js", "/dashboard/assets/records-4Ys6hDrJ.js", "/dashboard/assets/records-BS3_ijCN.js", "/dashboard/assets/records-BaeJsicQ.js", "/dashboard/assets/report_links-CLpsrwIP.js", "/dashboard/assets/season_period-CBdFurV4.js", "/dashboard/assets/set_active-8_NrKHws.js", "/dashboard/assets/settings-aoM-nqTc.css", "/dashboard/assets/settings-sFKiyn3W.js", "/dashboard/assets/settings-uM2MMRgp.js", "/dashboard/assets/stability-BBmzbdD8.js", "/dashboard/assets/style--P5ktQ2A.css", "/dashboard/assets/subject_notes-DSmeB2pH.js", "/dashboard/assets/table_import-Ddu1Mcc3.js", "/dashboard/assets/tabs-DMfd1vGV.js", "/dashboard/assets/tapped_place-DNMYzDDF.js", "/dashboard/assets/treatments_panel-BwYhojNE.js", "/dashboard/assets/treatments_panel-DSvPkX3y.js", "/dashboard/assets/trial_form-DvRDMtXh.js", "/dashboard/assets/trials_panel-DIMjNUgA.css", "/dashboard/assets/trials_panel-Z05hACfE.js", "/dashboard/assets/weather_panel-BniOjES6.css", "/dashboard/assets/weather_panel-km_aFkJ2.js", "/dashboard/assets/wind_mark-BPXI5e4M.js", "/dashboard/assets/yield_panel-D-PL5Edh.css", "/dashboard/assets/yield_panel-vretKsbn.js", "/dashboard/assets/yields-BYWZfi3Q.js", "/dashboard/assets/zone_colours-ChHy-q7K.js", "/dashboard/assets/zone_key-CaE_we_x.js", "/dashboard/headland.svg", "/dashboard/icon-192.png", "/dashboard/icon-512.png", "/dashboard/icon-maskable-512.png", "/dashboard/manifest.webmanifest"];
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
