// Service worker: the page opens without a network, with the last answers of the station, each marked with the time it was received.
// `vite.config.ts` puts the names of the built files in. Nothing here asks another host.

const VERSION = "5cbecded4bca";
const FILES = ["/dashboard/assets/accounts-Bpw7iFM_.js", "/dashboard/assets/against_applied-B0tblIaC.js", "/dashboard/assets/alarm_text-CrfThlF6.js", "/dashboard/assets/alarms-CNtcWLP2.js", "/dashboard/assets/alarms-DtwUB8kN.js", "/dashboard/assets/base-CbgyOZhn.js", "/dashboard/assets/chart-CnsZ1jie.css", "/dashboard/assets/chart-DoCRZr5u.js", "/dashboard/assets/chart_panel-CSeFKIDS.css", "/dashboard/assets/chart_panel-CcYo4mPJ.js", "/dashboard/assets/choice-B2nDFS82.js", "/dashboard/assets/choice-y7soMBzT.js", "/dashboard/assets/chosen_note-B6YMVSuC.js", "/dashboard/assets/cooperative-BtH--dHG.js", "/dashboard/assets/cooperative-C6qV7oYF.js", "/dashboard/assets/coordinates_text-BZYbzuu6.js", "/dashboard/assets/date_range-Dz5Mow9F.js", "/dashboard/assets/delete_record-Cp12x6jI.js", "/dashboard/assets/deliveries-GTypVTXl.js", "/dashboard/assets/device_card-DbF7lZcG.js", "/dashboard/assets/dist-BsbcV6pe.js", "/dashboard/assets/doubt_cards-CVRckqWD.js", "/dashboard/assets/doubt_cards-DIXyIRnH.js", "/dashboard/assets/draw_map-Dj73WRIn.js", "/dashboard/assets/draw_tool-2XEAE6AR.js", "/dashboard/assets/drawn_prescription-BIfxGON5.js", "/dashboard/assets/drawn_zones_model-Crc0Y4ou.js", "/dashboard/assets/drop_file-nwE0mw2A.js", "/dashboard/assets/duty-B7p4UV-6.js", "/dashboard/assets/duty-C_eP9WgB.css", "/dashboard/assets/empty-BEDGPyHG.js", "/dashboard/assets/esm-Xkf8mv-x.js", "/dashboard/assets/facts-CbdJkjXN.js", "/dashboard/assets/farm-B33GZ-K9.js", "/dashboard/assets/farm-C-rSPsEZ.js", "/dashboard/assets/farm_map-Bcp3VRVh.js", "/dashboard/assets/field-Bf9DeP6H.css", "/dashboard/assets/field-BonRUlog.js", "/dashboard/assets/field-xicAU7e9.js", "/dashboard/assets/field_map-B96gjcR_.js", "/dashboard/assets/field_pass-gLZuYgSk.js", "/dashboard/assets/field_planning-DSdP1szN.css", "/dashboard/assets/field_planning-hCgGCfJs.js", "/dashboard/assets/field_weather-CEJpt7XD.js", "/dashboard/assets/field_work-Cp9str9t.js", "/dashboard/assets/fields-BjXRAm8C.js", "/dashboard/assets/file_button-B6RCOEyp.js", "/dashboard/assets/file_button-Bw2WcCaW.css", "/dashboard/assets/file_button-Cy2xhoqG.js", "/dashboard/assets/files-CJqOP3DT.js", "/dashboard/assets/finding_text-wFdH6miL.js", "/dashboard/assets/first-BXuI5IeP.css", "/dashboard/assets/first-CHiOu6oO.js", "/dashboard/assets/forecast_basis-BFIkuaf5.js", "/dashboard/assets/forecast_providers-DqHTcHH7.js", "/dashboard/assets/forecast_source-qvTNCsRb.js", "/dashboard/assets/form-EofQf72-.js", "/dashboard/assets/gateway_rules-BdMsaYZ3.js", "/dashboard/assets/greenhouse-CwRZMyJS.js", "/dashboard/assets/greenhouse-DE7w_SnS.js", "/dashboard/assets/greenhouse-DMBLZHEv.css", "/dashboard/assets/grid_map-DF4RBmYN.js", "/dashboard/assets/harvest-D33gzgvM.js", "/dashboard/assets/harvest_import-4vvDQ9Tp.js", "/dashboard/assets/health-8HodvHAX.js", "/dashboard/assets/health-DcesWjAM.js", "/dashboard/assets/house_answers-Im7MAhKD.js", "/dashboard/assets/house_tabs-Bi8rqwsp.js", "/dashboard/assets/imports_panel-Bc_UzQ_o.css", "/dashboard/assets/imports_panel-VBDbFNwb.js", "/dashboard/assets/index-B2xRFGkg.js", "/dashboard/assets/interval_mark-rZSnqnhn.js", "/dashboard/assets/kept_records-aj67YmpD.js", "/dashboard/assets/layout_map-C1bDNgOJ.js", "/dashboard/assets/map---gAY1ZC.js", "/dashboard/assets/map-vGQmxOwv.css", "/dashboard/assets/map_view-AGr1sW4S.js", "/dashboard/assets/maplibre-gl-worker-CZtFQQIV.mjs", "/dashboard/assets/money-DgJOzi9Z.js", "/dashboard/assets/next_hours-Bj9LzHwx.js", "/dashboard/assets/note_form-B8AcgXrL.js", "/dashboard/assets/note_list-CbJ4NVby.js", "/dashboard/assets/notes-B2TpFBPd.css", "/dashboard/assets/notes-BRGggjZD.js", "/dashboard/assets/notes_panel-BcVkM5Ii.js", "/dashboard/assets/number_choice-YGQtDuuM.js", "/dashboard/assets/one_rate_prescription-HVZaRBD1.js", "/dashboard/assets/outline_model-NCuqzz-k.js", "/dashboard/assets/own-CQ4RTbvo.js", "/dashboard/assets/own-CnJPs3XI.js", "/dashboard/assets/owner_field-VpkImQj_.js", "/dashboard/assets/people-CA0fGzJd.js", "/dashboard/assets/people_list-CvaNE1y4.js", "/dashboard/assets/people_list-D8on6hn9.js", "/dashboard/assets/person_data-Baj1z_w3.js", "/dashboard/assets/person_data-Dkcy0urc.js", "/dashboard/assets/person_form-D-YJIxkB.js", "/dashboard/assets/person_form-tujKAX8G.js", "/dashboard/assets/person_page-QJoGC1iI.js", "/dashboard/assets/places-CDqK3yl_.js", "/dashboard/assets/places-CRYOhj0x.js", "/dashboard/assets/points_prescription-DtNE6DjT.js", "/dashboard/assets/prescription_fields-DMju9Ec8.js", "/dashboard/assets/progress-CFEkEFT9.js", "/dashboard/assets/push-C0r-hrIL.js", "/dashboard/assets/recall-A-i3U5dG.js", "/dashboard/assets/records-BP1AH7rf.js", "/dashboard/assets/records-BV3Xk6-_.js", "/dashboard/assets/records-Cq54ir12.js", "/dashboard/assets/report_links-CFbdY5cw.js", "/dashboard/assets/row_rest-CJ2rQLVy.js", "/dashboard/assets/season_period-CA49YjLu.js", "/dashboard/assets/set_active-DfbOWWJ-.js", "/dashboard/assets/settings-B5orZF-I.js", "/dashboard/assets/settings-RQk8px0f.js", "/dashboard/assets/settings-aoM-nqTc.css", "/dashboard/assets/shown_quantities-nanEPu3q.js", "/dashboard/assets/site_link-4QRxYhTe.js", "/dashboard/assets/stability-DcyF2QdB.js", "/dashboard/assets/statement_card-C4EUov7x.js", "/dashboard/assets/style-HYJR-e9c.css", "/dashboard/assets/subject_notes-BMPWpM6T.js", "/dashboard/assets/table-C-pv-amA.js", "/dashboard/assets/table-DJ3TVqTz.css", "/dashboard/assets/table_import-DegALTUd.js", "/dashboard/assets/tapped_place-DYxKDfqt.js", "/dashboard/assets/tonight_text-wqnjs7vu.js", "/dashboard/assets/treatments_panel-Bdhl2YTS.js", "/dashboard/assets/treatments_panel-D-wXi2yS.js", "/dashboard/assets/trial_form-DW9C6lxY.js", "/dashboard/assets/trials_panel-DIMjNUgA.css", "/dashboard/assets/trials_panel-hzRhFvFF.js", "/dashboard/assets/value_tile-8wEYp3t_.js", "/dashboard/assets/water_panel-CGUgNyJX.js", "/dashboard/assets/weather-Bmhdp2Cj.js", "/dashboard/assets/weather_panel-D63KXnOJ.js", "/dashboard/assets/whose-qqJefBFO.js", "/dashboard/assets/wind_mark-mqN7ArWY.js", "/dashboard/assets/yield_panel-CGpF3wNc.js", "/dashboard/assets/yield_panel-D-PL5Edh.css", "/dashboard/assets/yields-C10gU4ut.js", "/dashboard/assets/zone_colours-CUKYZ_4c.js", "/dashboard/assets/zone_key-BUjnMkM9.js", "/dashboard/headland.svg", "/dashboard/icon-192.png", "/dashboard/icon-512.png", "/dashboard/icon-maskable-512.png", "/dashboard/manifest.webmanifest"];
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
