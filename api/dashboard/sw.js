// Service worker: the page opens without a network, with the last answers of the station, each marked with the time it was received.
// `vite.config.ts` puts the names of the built files in. Nothing here asks another host.

const VERSION = "1ad4f79620ca";
const FILES = ["/dashboard/assets/accounts-wKgb_PyH.js", "/dashboard/assets/against_applied-DLcA75mm.js", "/dashboard/assets/alarms-DsmlSVIm.js", "/dashboard/assets/base-H3J1lwtn.js", "/dashboard/assets/chart-BKGFM9bo.js", "/dashboard/assets/chart-CnsZ1jie.css", "/dashboard/assets/chart_panel-CSeFKIDS.css", "/dashboard/assets/chart_panel-CuDJU_Kw.js", "/dashboard/assets/choice-B2nDFS82.js", "/dashboard/assets/choice-PXxPYNuQ.js", "/dashboard/assets/chosen_note-CzmOFSEV.js", "/dashboard/assets/cooperative-Bbo41o_3.js", "/dashboard/assets/cooperative-GAObPTT0.js", "/dashboard/assets/date_range-B_e2eNsR.js", "/dashboard/assets/delete_record-DiYTxSKP.js", "/dashboard/assets/deliveries-CvtOtmjb.js", "/dashboard/assets/dist-BsbcV6pe.js", "/dashboard/assets/draw_tool-YKGqQgkS.js", "/dashboard/assets/drawn_prescription-BpEcWgTR.js", "/dashboard/assets/drawn_zones_model-B1y_l_4_.js", "/dashboard/assets/drop_file-B3qyOz8V.js", "/dashboard/assets/duty-C_eP9WgB.css", "/dashboard/assets/duty-DQ9mS9dD.js", "/dashboard/assets/esm-Xkf8mv-x.js", "/dashboard/assets/facts-BoEo8w8Y.js", "/dashboard/assets/farm_map-DwrPHzBV.js", "/dashboard/assets/field-B5UY7mts.css", "/dashboard/assets/field-B9fcm55P.js", "/dashboard/assets/field-GqYudgdV.js", "/dashboard/assets/field_map-DSGgfK41.js", "/dashboard/assets/field_weather-CkDULqpZ.js", "/dashboard/assets/field_work-DgzwBcc7.js", "/dashboard/assets/fields-BOYlO-Hi.js", "/dashboard/assets/file_button-BO88Ny41.js", "/dashboard/assets/file_button-Bw2WcCaW.css", "/dashboard/assets/file_button-DnAqrNev.js", "/dashboard/assets/files-HPkMy47s.js", "/dashboard/assets/first-BIu_CWzi.js", "/dashboard/assets/first-DJ3TVqTz.css", "/dashboard/assets/forecast_basis-DS9v4iyY.js", "/dashboard/assets/forecast_providers-Cb210nS8.js", "/dashboard/assets/forecast_source-CW-Ep34n.js", "/dashboard/assets/form-BmzbZLAw.js", "/dashboard/assets/gateway_rules-BRV_WtEB.js", "/dashboard/assets/greenhouse-DEdS0G6-.js", "/dashboard/assets/greenhouse-DLYFqxjM.js", "/dashboard/assets/greenhouse-DhTpH97h.css", "/dashboard/assets/grid_map-ClA63yFi.js", "/dashboard/assets/harvest-DzTwtJ1I.js", "/dashboard/assets/harvest_import-BwFZM-kW.js", "/dashboard/assets/health-D57HI7DS.js", "/dashboard/assets/health-D5aiFP6E.js", "/dashboard/assets/house_answers-rI1INLgN.js", "/dashboard/assets/house_tabs-C_dqokLx.js", "/dashboard/assets/imports_panel-Bc_UzQ_o.css", "/dashboard/assets/imports_panel-CbQsibOg.js", "/dashboard/assets/index-Bj-uYu6x.js", "/dashboard/assets/interval_mark-Bgz0ur_F.js", "/dashboard/assets/kept_records-J-8h7IwK.js", "/dashboard/assets/layout_map-DLAmzkxA.js", "/dashboard/assets/map-BXC8rbrE.css", "/dashboard/assets/map-D96_lUFf.js", "/dashboard/assets/maplibre-gl-worker-CZtFQQIV.mjs", "/dashboard/assets/money-fOUei8jZ.js", "/dashboard/assets/next_hours-BwcT2-Dk.js", "/dashboard/assets/note_form-CrA85WxM.js", "/dashboard/assets/note_list-BB2yHdWI.js", "/dashboard/assets/notes-B2TpFBPd.css", "/dashboard/assets/notes-Nf4nob-V.js", "/dashboard/assets/notes_panel-DnTxteo_.js", "/dashboard/assets/number_choice-BEt8BC-k.js", "/dashboard/assets/one_rate_prescription-D6oE3iqg.js", "/dashboard/assets/outline_model-BSGO0m89.js", "/dashboard/assets/own-Cj44gxVO.js", "/dashboard/assets/own-D941AR_J.js", "/dashboard/assets/people-DN093Bgw.js", "/dashboard/assets/person_data-bJfsGqk9.js", "/dashboard/assets/person_data-h9VX99nC.js", "/dashboard/assets/person_form-BzHG7biD.js", "/dashboard/assets/person_form-CYM9U0Zn.js", "/dashboard/assets/person_record-CPC4mzbw.js", "/dashboard/assets/points_prescription-BhONngai.js", "/dashboard/assets/prescription_fields-DO3AT_cp.js", "/dashboard/assets/push-DqKlOzoT.js", "/dashboard/assets/recall-BkOvcpR_.js", "/dashboard/assets/records-BazSzvQC.js", "/dashboard/assets/records-DKQIxqzD.js", "/dashboard/assets/records-yyu2PTlA.js", "/dashboard/assets/report_links-C6iBs2ys.js", "/dashboard/assets/season_period-CtUhSHV4.js", "/dashboard/assets/set_active-QlujsXQF.js", "/dashboard/assets/settings-6AX8G_jD.js", "/dashboard/assets/settings-B3rXB8aG.js", "/dashboard/assets/settings-aoM-nqTc.css", "/dashboard/assets/stability-DF7NxuzD.js", "/dashboard/assets/style-CSRhcd3m.css", "/dashboard/assets/subject_notes-Cp2F07sr.js", "/dashboard/assets/table_import-CaeRoRj7.js", "/dashboard/assets/tabs-BVDXivBJ.js", "/dashboard/assets/tapped_place-C1wF1JTW.js", "/dashboard/assets/treatments_panel-BzZoYfXv.js", "/dashboard/assets/treatments_panel-CzX0X2PW.js", "/dashboard/assets/trial_form-emke8OSK.js", "/dashboard/assets/trials_panel-DIMjNUgA.css", "/dashboard/assets/trials_panel-DyKr2EeK.js", "/dashboard/assets/water_panel-Crs33-eh.js", "/dashboard/assets/weather-DGIE7jbv.js", "/dashboard/assets/weather_panel-Bv9_kJaW.js", "/dashboard/assets/wind_mark-D1bfvbz1.js", "/dashboard/assets/yield_panel-D-PL5Edh.css", "/dashboard/assets/yield_panel-DlCNn-dg.js", "/dashboard/assets/yields-bja4uLZg.js", "/dashboard/assets/zone_colours-Dmvs2fxb.js", "/dashboard/assets/zone_key-xehrjwlN.js", "/dashboard/headland.svg", "/dashboard/icon-192.png", "/dashboard/icon-512.png", "/dashboard/icon-maskable-512.png", "/dashboard/manifest.webmanifest"];
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
