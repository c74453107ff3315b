// Service worker: the page opens without a network, with the last answers of the station, each marked with the time it was received.
// `vite.config.ts` puts the names of the built files in. Nothing here asks another host.

const VERSION = "95c86f5cc8f5";
const FILES = ["/dashboard/assets/accounts-BHC8it49.js", "/dashboard/assets/against_applied-Cw9cdsZZ.js", "/dashboard/assets/alarms-BOXiGBA4.js", "/dashboard/assets/base-DTAwGK9G.js", "/dashboard/assets/chart-CnsZ1jie.css", "/dashboard/assets/chart-uPltqZik.js", "/dashboard/assets/chart_panel-CSeFKIDS.css", "/dashboard/assets/chart_panel-DXtQUeml.js", "/dashboard/assets/choice-B2nDFS82.js", "/dashboard/assets/choice-DLYDbH_M.js", "/dashboard/assets/chosen_note-DY2uNqcz.js", "/dashboard/assets/cooperative-BMFOsmK1.js", "/dashboard/assets/cooperative-xz5G1WIP.js", "/dashboard/assets/coordinates_text-C9ZP0acp.js", "/dashboard/assets/date_range-D4htSp07.js", "/dashboard/assets/delete_record-D0whGmpO.js", "/dashboard/assets/deliveries-BTz0Y4w4.js", "/dashboard/assets/dist-BsbcV6pe.js", "/dashboard/assets/doubt_cards-CJzCXiy2.js", "/dashboard/assets/doubt_cards-_i7i1tGO.js", "/dashboard/assets/draw_tool-CpUt2GBz.js", "/dashboard/assets/drawn_prescription-B3u_4fXq.js", "/dashboard/assets/drawn_zones_model-CBWF9bS3.js", "/dashboard/assets/drop_file-DqOwdlBI.js", "/dashboard/assets/duty-CGKAG2pS.js", "/dashboard/assets/duty-C_eP9WgB.css", "/dashboard/assets/esm-Xkf8mv-x.js", "/dashboard/assets/facts-DxdiMAJe.js", "/dashboard/assets/farm_map-Dz2SF4KN.js", "/dashboard/assets/field-B5UY7mts.css", "/dashboard/assets/field-MSMt3bij.js", "/dashboard/assets/field-lC0EteNg.js", "/dashboard/assets/field_map-BmvZVSl1.js", "/dashboard/assets/field_weather-6K60o3Z0.js", "/dashboard/assets/field_work-BJKW28WT.js", "/dashboard/assets/fields-BzlQSt0b.js", "/dashboard/assets/file_button-BceYRcoF.js", "/dashboard/assets/file_button-BoGYm7Sw.js", "/dashboard/assets/file_button-Bw2WcCaW.css", "/dashboard/assets/files-MggRFLTa.js", "/dashboard/assets/first-DJ3TVqTz.css", "/dashboard/assets/first-ROUBGyrh.js", "/dashboard/assets/forecast_basis-DkBLLSEA.js", "/dashboard/assets/forecast_providers-DlqGauL2.js", "/dashboard/assets/forecast_source-BBhcolOe.js", "/dashboard/assets/form-BgeZDh5p.js", "/dashboard/assets/gateway_rules-C5KAOuMg.js", "/dashboard/assets/greenhouse-CYnaorjo.js", "/dashboard/assets/greenhouse-Chdm4mXl.js", "/dashboard/assets/greenhouse-DhTpH97h.css", "/dashboard/assets/grid_map-DfXWl77s.js", "/dashboard/assets/harvest-D3PXNvHU.js", "/dashboard/assets/harvest_import-DricMTGJ.js", "/dashboard/assets/health-DkQxbpf4.js", "/dashboard/assets/health-YZlzUj7o.js", "/dashboard/assets/house_answers-5dmlHEq0.js", "/dashboard/assets/house_tabs-DeNj9lc9.js", "/dashboard/assets/imports_panel-Bc_UzQ_o.css", "/dashboard/assets/imports_panel-CVObclNC.js", "/dashboard/assets/index-C8hl5QXn.js", "/dashboard/assets/interval_mark-DtX9E4pg.js", "/dashboard/assets/kept_records-Ccex8Ju-.js", "/dashboard/assets/layout_map-Ct3FUOZv.js", "/dashboard/assets/map-BXC8rbrE.css", "/dashboard/assets/map-D4t_CkWT.js", "/dashboard/assets/maplibre-gl-worker-CZtFQQIV.mjs", "/dashboard/assets/money-CwxLxHPL.js", "/dashboard/assets/next_hours-B-b79QEM.js", "/dashboard/assets/note_form-DzcwZqgs.js", "/dashboard/assets/note_list-DSkJAYaq.js", "/dashboard/assets/notes-B2TpFBPd.css", "/dashboard/assets/notes-SY7eMLMV.js", "/dashboard/assets/notes_panel-0M2BVRwN.js", "/dashboard/assets/number_choice-CnPYZ1hm.js", "/dashboard/assets/one_rate_prescription-DrIpbAcR.js", "/dashboard/assets/outline_model-DshpfPrE.js", "/dashboard/assets/own-BGNXRUJY.js", "/dashboard/assets/own-mveMIK04.js", "/dashboard/assets/people-Cu5syxfa.js", "/dashboard/assets/person_data-4WBuoNBv.js", "/dashboard/assets/person_data-CflCmurz.js", "/dashboard/assets/person_form-DkT3fPuu.js", "/dashboard/assets/person_form-Pk_sHm4L.js", "/dashboard/assets/person_record-StfD4be5.js", "/dashboard/assets/points_prescription-2y5sWcYD.js", "/dashboard/assets/prescription_fields-06Cc7wDy.js", "/dashboard/assets/push-B_XZHr8h.js", "/dashboard/assets/recall-fJfo28sA.js", "/dashboard/assets/records-7vK_JXFZ.js", "/dashboard/assets/records-CR6GvGIU.js", "/dashboard/assets/records-YWuqZ1t3.js", "/dashboard/assets/report_links-76vSk3yK.js", "/dashboard/assets/season_period-CgaNwFps.js", "/dashboard/assets/set_active-D7DchfMN.js", "/dashboard/assets/settings-CXRJQ2Hw.js", "/dashboard/assets/settings-DagJmQyb.js", "/dashboard/assets/settings-aoM-nqTc.css", "/dashboard/assets/site_link-CSnCp8Ld.js", "/dashboard/assets/stability-BOSeRiYC.js", "/dashboard/assets/style-CSRhcd3m.css", "/dashboard/assets/subject_notes-B3rCUa3z.js", "/dashboard/assets/table_import-DQ5SUWnB.js", "/dashboard/assets/tabs-DznSkKa3.js", "/dashboard/assets/tapped_place-Cg_LkU3m.js", "/dashboard/assets/treatments_panel-DoWM1Lwf.js", "/dashboard/assets/treatments_panel-Lbn4WNPI.js", "/dashboard/assets/trial_form-Cr157Whv.js", "/dashboard/assets/trials_panel-BL_xdiUw.js", "/dashboard/assets/trials_panel-DIMjNUgA.css", "/dashboard/assets/water_panel-mWZ4TU0F.js", "/dashboard/assets/weather-RYF2GVz2.js", "/dashboard/assets/weather_panel-B8PZiZKb.js", "/dashboard/assets/wind_mark-BreyNy7s.js", "/dashboard/assets/yield_panel-BQFs-Rhq.js", "/dashboard/assets/yield_panel-D-PL5Edh.css", "/dashboard/assets/yields-CPezPvNC.js", "/dashboard/assets/zone_colours-_QWivkvB.js", "/dashboard/assets/zone_key-Dp8kQ61H.js", "/dashboard/headland.svg", "/dashboard/icon-192.png", "/dashboard/icon-512.png", "/dashboard/icon-maskable-512.png", "/dashboard/manifest.webmanifest"];
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
