// Service worker: the page opens without a network, with the last answers of the station, each marked with the time it was received.
// `vite.config.ts` puts the names of the built files in. Nothing here asks another host.

const VERSION = "0af812e874e5";
const FILES = ["/dashboard/assets/accounts-BgJrbKne.js", "/dashboard/assets/against_applied-4IqQ4RzW.js", "/dashboard/assets/alarms-sWJ4YIkn.js", "/dashboard/assets/base-B-jIoRGT.js", "/dashboard/assets/chart-BewN3jtf.js", "/dashboard/assets/chart-CnsZ1jie.css", "/dashboard/assets/chart_panel-CSeFKIDS.css", "/dashboard/assets/chart_panel-DPj0K4Jt.js", "/dashboard/assets/choice-B2nDFS82.js", "/dashboard/assets/choice-CDwFrBWY.js", "/dashboard/assets/chosen_note-D61GKJOK.js", "/dashboard/assets/cooperative-BE97Xup6.js", "/dashboard/assets/cooperative-BtiZdw6r.js", "/dashboard/assets/date_range-eY-Dttry.js", "/dashboard/assets/delete_record-Dcji_LU8.js", "/dashboard/assets/deliveries-B7iDdJSr.js", "/dashboard/assets/dist-BsbcV6pe.js", "/dashboard/assets/doubt_cards-BbNbRUiw.js", "/dashboard/assets/doubt_cards-DTNgkPDs.js", "/dashboard/assets/draw_tool-BbOz7ej2.js", "/dashboard/assets/drawn_prescription-C_8xlmOG.js", "/dashboard/assets/drawn_zones_model-BciuvVgk.js", "/dashboard/assets/drop_file-eeyGaC-H.js", "/dashboard/assets/duty-BS6izwri.js", "/dashboard/assets/duty-C_eP9WgB.css", "/dashboard/assets/esm-Xkf8mv-x.js", "/dashboard/assets/facts-CH-MRw-g.js", "/dashboard/assets/farm_map-D3nq9XnS.js", "/dashboard/assets/field-B5UY7mts.css", "/dashboard/assets/field-CBABdpe4.js", "/dashboard/assets/field-CjRXtfqP.js", "/dashboard/assets/field_map-CuKickOM.js", "/dashboard/assets/field_weather-BfE9aiOD.js", "/dashboard/assets/field_work-t_fdDE_h.js", "/dashboard/assets/fields-DgfP-_YV.js", "/dashboard/assets/file_button-B1Q73ugf.js", "/dashboard/assets/file_button-BV9NKKiM.js", "/dashboard/assets/file_button-Bw2WcCaW.css", "/dashboard/assets/files-DWXwqew-.js", "/dashboard/assets/first-C203JQJo.js", "/dashboard/assets/first-DJ3TVqTz.css", "/dashboard/assets/forecast_basis-t5BQv2g3.js", "/dashboard/assets/forecast_providers-CeZ1RFnd.js", "/dashboard/assets/forecast_source-DvvHPRjA.js", "/dashboard/assets/form-BmN4rbD2.js", "/dashboard/assets/gateway_rules-CQG1DHDL.js", "/dashboard/assets/greenhouse-CU_44BhL.js", "/dashboard/assets/greenhouse-D8hObZ0E.js", "/dashboard/assets/greenhouse-DhTpH97h.css", "/dashboard/assets/grid_map-D8QMLh8F.js", "/dashboard/assets/harvest-C-8cpEqo.js", "/dashboard/assets/harvest_import-B1TllAq0.js", "/dashboard/assets/health-CqUGFMWo.js", "/dashboard/assets/health-DgI0AxRL.js", "/dashboard/assets/house_answers-BCc9hd2Q.js", "/dashboard/assets/house_tabs-BcjEsiDx.js", "/dashboard/assets/imports_panel-Bc_UzQ_o.css", "/dashboard/assets/imports_panel-CG_jv9Zq.js", "/dashboard/assets/index-Coa8fXs5.js", "/dashboard/assets/interval_mark-BEXl5t-U.js", "/dashboard/assets/kept_records-D6Z99n06.js", "/dashboard/assets/layout_map-ti4yrLQY.js", "/dashboard/assets/map-BDVj74MB.js", "/dashboard/assets/map-BXC8rbrE.css", "/dashboard/assets/maplibre-gl-worker-CZtFQQIV.mjs", "/dashboard/assets/money-3IpMtwEZ.js", "/dashboard/assets/next_hours-BkeEmkDj.js", "/dashboard/assets/note_form-CBg8B4nD.js", "/dashboard/assets/note_list-Ch7ibIkT.js", "/dashboard/assets/notes-B2TpFBPd.css", "/dashboard/assets/notes-DGpNpaKL.js", "/dashboard/assets/notes_panel-6KOsLwUY.js", "/dashboard/assets/number_choice-sNfYjUPq.js", "/dashboard/assets/one_rate_prescription-CI6bWPD4.js", "/dashboard/assets/outline_model-BxyCXYIV.js", "/dashboard/assets/own-BOcw0Duv.js", "/dashboard/assets/own-DOTQAx4s.js", "/dashboard/assets/people-CNBdezkV.js", "/dashboard/assets/person_data-DH0dQz5Y.js", "/dashboard/assets/person_data-DuCd6WYb.js", "/dashboard/assets/person_form-CP86t_87.js", "/dashboard/assets/person_form-CR2F7kSl.js", "/dashboard/assets/person_record-DavthNK2.js", "/dashboard/assets/points_prescription-nLkFgEpu.js", "/dashboard/assets/prescription_fields-DPNjDRfs.js", "/dashboard/assets/push-DB3f_SN2.js", "/dashboard/assets/recall-2GnCU-6R.js", "/dashboard/assets/records-BvUCOPaY.js", "/dashboard/assets/records-Cf58blcP.js", "/dashboard/assets/records-Dz6ywiXJ.js", "/dashboard/assets/report_links-uQow2r7R.js", "/dashboard/assets/season_period-UqlM3w2i.js", "/dashboard/assets/set_active-Dpm1hzfq.js", "/dashboard/assets/settings-D9njo0Ef.js", "/dashboard/assets/settings-DtTiBBzU.js", "/dashboard/assets/settings-aoM-nqTc.css", "/dashboard/assets/site_link-S3MUngEX.js", "/dashboard/assets/stability-CGH3CD-L.js", "/dashboard/assets/style-CSRhcd3m.css", "/dashboard/assets/subject_notes-CcZmB73A.js", "/dashboard/assets/table_import-Ceop2jVf.js", "/dashboard/assets/tabs-CUDnvlRc.js", "/dashboard/assets/tapped_place-93y0d_CQ.js", "/dashboard/assets/treatments_panel-BS_qjqjm.js", "/dashboard/assets/treatments_panel-CYFznCnP.js", "/dashboard/assets/trial_form-Cv_P68b6.js", "/dashboard/assets/trials_panel-DEHWAMER.js", "/dashboard/assets/trials_panel-DIMjNUgA.css", "/dashboard/assets/water_panel-gaiRRvpO.js", "/dashboard/assets/weather-CdqyOPmE.js", "/dashboard/assets/weather_panel-BUQAti2C.js", "/dashboard/assets/wind_mark-Qo_hpywB.js", "/dashboard/assets/yield_panel-D-PL5Edh.css", "/dashboard/assets/yield_panel-Dr8jxTnW.js", "/dashboard/assets/yields-BJ-dfGlR.js", "/dashboard/assets/zone_colours-Cpl_RRIn.js", "/dashboard/assets/zone_key-BEptoJet.js", "/dashboard/headland.svg", "/dashboard/icon-192.png", "/dashboard/icon-512.png", "/dashboard/icon-maskable-512.png", "/dashboard/manifest.webmanifest"];
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
