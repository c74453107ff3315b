// Service worker: the page opens without a network, with the last answers of the station, each marked with the time it was received.
// `vite.config.ts` puts the names of the built files in. Nothing here asks another host.

const VERSION = "b0ae6a966c91";
const FILES = ["/dashboard/assets/accounts-BK7MuJcn.js", "/dashboard/assets/against_applied-5Fj4UdOI.js", "/dashboard/assets/alarms-xhdVr2pl.js", "/dashboard/assets/base-bbYmxday.js", "/dashboard/assets/chart-CnsZ1jie.css", "/dashboard/assets/chart-DKD-m-yg.js", "/dashboard/assets/chart_panel-CSeFKIDS.css", "/dashboard/assets/chart_panel-zHvCsObd.js", "/dashboard/assets/choice-B2nDFS82.js", "/dashboard/assets/choice-d9M8_exu.js", "/dashboard/assets/chosen_note-vE0eDWRA.js", "/dashboard/assets/cooperative-CbuqkYqX.js", "/dashboard/assets/cooperative-DQMktCrc.js", "/dashboard/assets/coordinates_text-Cl7vPpzj.js", "/dashboard/assets/date_range-Do4inaL2.js", "/dashboard/assets/delete_record-BmWaMHvZ.js", "/dashboard/assets/deliveries-D55zKgbC.js", "/dashboard/assets/dist-BsbcV6pe.js", "/dashboard/assets/doubt_cards-BDx7W1Sy.js", "/dashboard/assets/doubt_cards-BUtfEOnq.js", "/dashboard/assets/draw_tool-EX4WZVPy.js", "/dashboard/assets/drawn_prescription-Hy4GPICz.js", "/dashboard/assets/drawn_zones_model-VfwKYT9X.js", "/dashboard/assets/drop_file-DytwjdkT.js", "/dashboard/assets/duty-Bx7Iyf-q.js", "/dashboard/assets/duty-C_eP9WgB.css", "/dashboard/assets/esm-Xkf8mv-x.js", "/dashboard/assets/facts-DYOTk43M.js", "/dashboard/assets/farm_map-CMFWK0kB.js", "/dashboard/assets/field-B5Prip6_.js", "/dashboard/assets/field-B5UY7mts.css", "/dashboard/assets/field-BGgUy0pi.js", "/dashboard/assets/field_map-BhSseO8S.js", "/dashboard/assets/field_weather-Ck0U_SnG.js", "/dashboard/assets/field_work-J8xuBmn9.js", "/dashboard/assets/fields-gCcYYWlY.js", "/dashboard/assets/file_button-BkpmNRab.js", "/dashboard/assets/file_button-Bw2WcCaW.css", "/dashboard/assets/file_button-rv9sQ-w1.js", "/dashboard/assets/files-adLhGNVz.js", "/dashboard/assets/first-DJ3TVqTz.css", "/dashboard/assets/first-DhlIcD9R.js", "/dashboard/assets/forecast_basis-DTRgqgmO.js", "/dashboard/assets/forecast_providers-BrycMy8a.js", "/dashboard/assets/forecast_source-C_lxtZlx.js", "/dashboard/assets/form-BD-EmfR8.js", "/dashboard/assets/gateway_rules-Bimsvf5f.js", "/dashboard/assets/greenhouse-DZIY768A.js", "/dashboard/assets/greenhouse-DhTpH97h.css", "/dashboard/assets/greenhouse-sTJ3E9GK.js", "/dashboard/assets/grid_map-DKfTAO0I.js", "/dashboard/assets/harvest-Ck6KRAj8.js", "/dashboard/assets/harvest_import-DqxS0fNA.js", "/dashboard/assets/health-BNEzhUz9.js", "/dashboard/assets/health-DuF-KWhm.js", "/dashboard/assets/house_answers-CruoSZLs.js", "/dashboard/assets/house_tabs-D11869J5.js", "/dashboard/assets/imports_panel-Bc_UzQ_o.css", "/dashboard/assets/imports_panel-DQFJow3y.js", "/dashboard/assets/index-BqOl6Imx.js", "/dashboard/assets/interval_mark-kDJTnc6M.js", "/dashboard/assets/kept_records-JnWyfSLY.js", "/dashboard/assets/layout_map-MSU35TlY.js", "/dashboard/assets/map-CdY6STQA.js", "/dashboard/assets/map-vGQmxOwv.css", "/dashboard/assets/maplibre-gl-worker-CZtFQQIV.mjs", "/dashboard/assets/money-NDByT0eb.js", "/dashboard/assets/next_hours-Ch2pqoHW.js", "/dashboard/assets/note_form-C_QE0Ir4.js", "/dashboard/assets/note_list-CBKfLrVU.js", "/dashboard/assets/notes-B2TpFBPd.css", "/dashboard/assets/notes-R1xAwNM3.js", "/dashboard/assets/notes_panel-C6PbUi0W.js", "/dashboard/assets/number_choice-Bi3TGjmf.js", "/dashboard/assets/one_rate_prescription-C2IiWlQF.js", "/dashboard/assets/outline_model-BUIMwVSp.js", "/dashboard/assets/own-B1YgXVul.js", "/dashboard/assets/own-CBujMZM3.js", "/dashboard/assets/people-DNOX5-Id.js", "/dashboard/assets/person_data-45nGEHca.js", "/dashboard/assets/person_data-DBZKQKTu.js", "/dashboard/assets/person_form-D-0nSgna.js", "/dashboard/assets/person_form-s4Onazew.js", "/dashboard/assets/person_record-DxYiCPr7.js", "/dashboard/assets/points_prescription-D9_VTUVy.js", "/dashboard/assets/prescription_fields-C3GTHk5G.js", "/dashboard/assets/push-CroS7n8u.js", "/dashboard/assets/recall-mXUnZEbF.js", "/dashboard/assets/records-BCGFPsda.js", "/dashboard/assets/records-CaN8mfJW.js", "/dashboard/assets/records-D1NU4oGm.js", "/dashboard/assets/report_links-BMBj-T-A.js", "/dashboard/assets/season_period-DR6Anxu9.js", "/dashboard/assets/set_active-DY43NRce.js", "/dashboard/assets/settings-Sw8YK0Hr.js", "/dashboard/assets/settings-aoM-nqTc.css", "/dashboard/assets/settings-u26inQvy.js", "/dashboard/assets/site_link-CsUuAeBj.js", "/dashboard/assets/stability-BD9ccMmp.js", "/dashboard/assets/style-CjoeDvUX.css", "/dashboard/assets/subject_notes-lzV6TUvy.js", "/dashboard/assets/table_import-COr7y0N_.js", "/dashboard/assets/tabs-Ds7XUH9k.js", "/dashboard/assets/tapped_place-CKYyEt0U.js", "/dashboard/assets/treatments_panel-DMWwWIgd.js", "/dashboard/assets/treatments_panel-DQu_eg9s.js", "/dashboard/assets/trial_form-7QkbeEen.js", "/dashboard/assets/trials_panel-DIMjNUgA.css", "/dashboard/assets/trials_panel-bfgrux9G.js", "/dashboard/assets/water_panel-1vS985wm.js", "/dashboard/assets/weather-Ciq5NpNb.js", "/dashboard/assets/weather_panel-DY2xqrYJ.js", "/dashboard/assets/wind_mark-kx3lkKl0.js", "/dashboard/assets/yield_panel-175TbscE.js", "/dashboard/assets/yield_panel-D-PL5Edh.css", "/dashboard/assets/yields-C4srwfRb.js", "/dashboard/assets/zone_colours-CVGjEcbG.js", "/dashboard/assets/zone_key-DCHA0nDx.js", "/dashboard/headland.svg", "/dashboard/icon-192.png", "/dashboard/icon-512.png", "/dashboard/icon-maskable-512.png", "/dashboard/manifest.webmanifest"];
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
