// Service worker: the page opens without a network, with the last answers of the station, each marked with the time it was received.
// `vite.config.ts` puts the names of the built files in. Nothing here asks another host.

const VERSION = "52916173acc8";
const FILES = ["/dashboard/assets/accounts-CGj0YDhm.js", "/dashboard/assets/against_applied-DzKXYtPV.js", "/dashboard/assets/alarms-Ho1zn71x.js", "/dashboard/assets/base-BlGDCPzY.js", "/dashboard/assets/chart-BURfM73E.js", "/dashboard/assets/chart-CnsZ1jie.css", "/dashboard/assets/chart_panel-BgRnpREH.js", "/dashboard/assets/chart_panel-CSeFKIDS.css", "/dashboard/assets/choice-B2nDFS82.js", "/dashboard/assets/choice-DaluJP63.js", "/dashboard/assets/chosen_note-Dn0Sl4v_.js", "/dashboard/assets/cooperative-eE_6wwkY.js", "/dashboard/assets/cooperative-t6IrvmAz.js", "/dashboard/assets/date_range-DW8794_M.js", "/dashboard/assets/delete_record-BBKj4eBG.js", "/dashboard/assets/deliveries-Da15xfdt.js", "/dashboard/assets/dist-BsbcV6pe.js", "/dashboard/assets/doubt_cards-CtTtm8aZ.js", "/dashboard/assets/doubt_cards-DsTCQfLc.js", "/dashboard/assets/draw_tool-Bww2Y442.js", "/dashboard/assets/drawn_prescription-BzRENE9B.js", "/dashboard/assets/drawn_zones_model-DxqUsH4m.js", "/dashboard/assets/drop_file-Cz2zzv73.js", "/dashboard/assets/duty-C_eP9WgB.css", "/dashboard/assets/duty-SaLC3SCM.js", "/dashboard/assets/esm-Xkf8mv-x.js", "/dashboard/assets/facts-BMNfl_JD.js", "/dashboard/assets/farm_map-DCV1mNLo.js", "/dashboard/assets/field-B5UY7mts.css", "/dashboard/assets/field-BSf-1dYc.js", "/dashboard/assets/field-DPe7X8c9.js", "/dashboard/assets/field_map-CXj_ZIMX.js", "/dashboard/assets/field_weather-COwNhbfi.js", "/dashboard/assets/field_work-CS6PhuiU.js", "/dashboard/assets/fields-CmNl7BIg.js", "/dashboard/assets/file_button-BQyeAEI3.js", "/dashboard/assets/file_button-BrudDoTy.js", "/dashboard/assets/file_button-Bw2WcCaW.css", "/dashboard/assets/files-De2K6Gly.js", "/dashboard/assets/first-6JFpVbsc.js", "/dashboard/assets/first-DJ3TVqTz.css", "/dashboard/assets/forecast_basis-BV2Ad7-2.js", "/dashboard/assets/forecast_providers-39Uf3Uip.js", "/dashboard/assets/forecast_source-NtgoULwB.js", "/dashboard/assets/form-CbOabb56.js", "/dashboard/assets/gateway_rules-BYmk__fK.js", "/dashboard/assets/greenhouse-BJLsY4FR.js", "/dashboard/assets/greenhouse-D7tfaifQ.js", "/dashboard/assets/greenhouse-DhTpH97h.css", "/dashboard/assets/grid_map-VaKu9O9-.js", "/dashboard/assets/harvest-CTNkEeCW.js", "/dashboard/assets/harvest_import-B0CSuq04.js", "/dashboard/assets/health-BkPlDOnG.js", "/dashboard/assets/health-DVc39LQZ.js", "/dashboard/assets/house_answers-BN6-sxNN.js", "/dashboard/assets/house_tabs-DBfdi4Bw.js", "/dashboard/assets/imports_panel-B9WNnBmU.js", "/dashboard/assets/imports_panel-Bc_UzQ_o.css", "/dashboard/assets/index-GNYMWt_z.js", "/dashboard/assets/interval_mark-CD1OBFzk.js", "/dashboard/assets/kept_records-B5iDeuhb.js", "/dashboard/assets/layout_map-CxqbxLbo.js", "/dashboard/assets/map-BXC8rbrE.css", "/dashboard/assets/map-novTE46v.js", "/dashboard/assets/maplibre-gl-worker-CZtFQQIV.mjs", "/dashboard/assets/money-C4BY3hQa.js", "/dashboard/assets/next_hours-Cz733Suc.js", "/dashboard/assets/note_form-JvNB0pKk.js", "/dashboard/assets/note_list-u3PBRwVO.js", "/dashboard/assets/notes-B2TpFBPd.css", "/dashboard/assets/notes-DHskaiUY.js", "/dashboard/assets/notes_panel-BMcDSBkE.js", "/dashboard/assets/number_choice-DoqYdcsK.js", "/dashboard/assets/one_rate_prescription-nqxCay29.js", "/dashboard/assets/outline_model-BALrT19V.js", "/dashboard/assets/own-B0H3JQNo.js", "/dashboard/assets/own-BUz3h6cX.js", "/dashboard/assets/people-z9AYrFgp.js", "/dashboard/assets/person_data-BCtkbDtX.js", "/dashboard/assets/person_data-DqN7GryK.js", "/dashboard/assets/person_form-BKeeeSJm.js", "/dashboard/assets/person_form-DCrUbrKC.js", "/dashboard/assets/person_record-DlkOM9lX.js", "/dashboard/assets/points_prescription-axnMUDOB.js", "/dashboard/assets/prescription_fields-C1duBq7s.js", "/dashboard/assets/push-CpLgOEnX.js", "/dashboard/assets/recall-B1ShpNQy.js", "/dashboard/assets/records-CEZrACVP.js", "/dashboard/assets/records-DVgbqtEA.js", "/dashboard/assets/records-im5xV5yj.js", "/dashboard/assets/report_links-DkfwOeWw.js", "/dashboard/assets/season_period-D6qcLowU.js", "/dashboard/assets/set_active-DGpLfxh2.js", "/dashboard/assets/settings-BA5W7AIK.js", "/dashboard/assets/settings-BPh7dHPw.js", "/dashboard/assets/settings-aoM-nqTc.css", "/dashboard/assets/site_link-CCSvymgp.js", "/dashboard/assets/stability-BOPea2o3.js", "/dashboard/assets/style-CSRhcd3m.css", "/dashboard/assets/subject_notes-D_hR8mEu.js", "/dashboard/assets/table_import-lmQe4veZ.js", "/dashboard/assets/tabs-BPyE7H8i.js", "/dashboard/assets/tapped_place-kyIn89qu.js", "/dashboard/assets/treatments_panel-CuRWDgiC.js", "/dashboard/assets/treatments_panel-DbBLvccx.js", "/dashboard/assets/trial_form-BzxWAOG_.js", "/dashboard/assets/trials_panel-DIMjNUgA.css", "/dashboard/assets/trials_panel-DcnS8nvd.js", "/dashboard/assets/water_panel-DBweUTiT.js", "/dashboard/assets/weather-BP2E-9MW.js", "/dashboard/assets/weather_panel-hjiiZzBT.js", "/dashboard/assets/wind_mark-DaooEowb.js", "/dashboard/assets/yield_panel-BaSl0aVa.js", "/dashboard/assets/yield_panel-D-PL5Edh.css", "/dashboard/assets/yields-Dchzw6Xp.js", "/dashboard/assets/zone_colours-Ce0y1INS.js", "/dashboard/assets/zone_key-CVjsFanV.js", "/dashboard/headland.svg", "/dashboard/icon-192.png", "/dashboard/icon-512.png", "/dashboard/icon-maskable-512.png", "/dashboard/manifest.webmanifest"];
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
