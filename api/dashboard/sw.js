// Service worker: the page opens without a network, with the last answers of the station, each marked with the time it was received.
// `vite.config.ts` puts the names of the built files in. Nothing here asks another host.

const VERSION = "e0c52f4eb949";
const FILES = ["/dashboard/assets/accounts-BIiY_v4B.js", "/dashboard/assets/against_applied-CM4iHxIZ.js", "/dashboard/assets/alarms-Dss78qq-.js", "/dashboard/assets/asked_button-D44boX5o.js", "/dashboard/assets/band_text-B0yvrctU.js", "/dashboard/assets/base-BKMAcaGt.js", "/dashboard/assets/chart-CnsZ1jie.css", "/dashboard/assets/chart-jpKQiDBS.js", "/dashboard/assets/cooperative-BtbEYYsY.js", "/dashboard/assets/cooperative-Cl8uL98l.js", "/dashboard/assets/date_range-Bd9c8rpA.js", "/dashboard/assets/deliveries-DWqfA_7H.js", "/dashboard/assets/dist-BsbcV6pe.js", "/dashboard/assets/draw_tool-BEJCMBhH.js", "/dashboard/assets/drawn_prescription-Bqlvn9dD.js", "/dashboard/assets/drop_file-C0JzMKyj.js", "/dashboard/assets/duty-C_eP9WgB.css", "/dashboard/assets/duty-Dz6UqA1U.js", "/dashboard/assets/esm-Xkf8mv-x.js", "/dashboard/assets/farm-DJErkvic.js", "/dashboard/assets/farm_map-brNxPnlq.js", "/dashboard/assets/field-B5UY7mts.css", "/dashboard/assets/field-DVtDvQ6M.js", "/dashboard/assets/field-XPlGPGdT.js", "/dashboard/assets/field_map-CNLP3Q7N.js", "/dashboard/assets/field_weather-sGZNes2e.js", "/dashboard/assets/field_work-DluYsGuK.js", "/dashboard/assets/fields-Dh4V1jr9.js", "/dashboard/assets/file_button-Bw2WcCaW.css", "/dashboard/assets/file_button-Da_diOq9.js", "/dashboard/assets/file_button-M3B8LaeB.js", "/dashboard/assets/files-C6dEJtK9.js", "/dashboard/assets/first-CZ4D8AOj.js", "/dashboard/assets/first-DJ3TVqTz.css", "/dashboard/assets/form-ApS__0dJ.js", "/dashboard/assets/greenhouse-BUtde0tN.js", "/dashboard/assets/greenhouse-D1E3pk5A.js", "/dashboard/assets/greenhouse-DhTpH97h.css", "/dashboard/assets/grid_map-Dv9Fa_26.js", "/dashboard/assets/harvest-NyZ8KVmi.js", "/dashboard/assets/harvest_import-BBFFW18Z.js", "/dashboard/assets/health-C_W6O-ej.js", "/dashboard/assets/house_tabs-CpnykRXZ.js", "/dashboard/assets/imports_panel-Bc_UzQ_o.css", "/dashboard/assets/imports_panel-CnB3f5-N.js", "/dashboard/assets/index-s3HshvW1.js", "/dashboard/assets/layout_map-Dx6pRAAc.js", "/dashboard/assets/map-BXC8rbrE.css", "/dashboard/assets/map-DT4SoggM.js", "/dashboard/assets/maplibre-gl-worker-CZtFQQIV.mjs", "/dashboard/assets/money-C5SYKx_g.js", "/dashboard/assets/note_list-BRZ22e2z.js", "/dashboard/assets/notes-53vnBxyn.js", "/dashboard/assets/notes-B2TpFBPd.css", "/dashboard/assets/notes_panel-Bvs9CR7Z.js", "/dashboard/assets/outline_model-CRvkcJVa.js", "/dashboard/assets/person_form-CV1fvxwJ.js", "/dashboard/assets/person_form-TlrSWF1Y.js", "/dashboard/assets/person_record-Ba9Bcisq.js", "/dashboard/assets/points_prescription-D5wqXX63.js", "/dashboard/assets/push-BVF_8vcF.js", "/dashboard/assets/recall-CEO18Nfa.js", "/dashboard/assets/records-Bt9R5jUw.js", "/dashboard/assets/records-Ceoen-cp.js", "/dashboard/assets/records-CnLEen56.js", "/dashboard/assets/report_links-Dx4-Js4T.js", "/dashboard/assets/set_active-DdMHFoAv.js", "/dashboard/assets/settings-DMJu9Agy.js", "/dashboard/assets/settings-U2SWuYHk.js", "/dashboard/assets/settings-aoM-nqTc.css", "/dashboard/assets/stability-dwPRq2tY.js", "/dashboard/assets/style-DZ9QBwBf.css", "/dashboard/assets/subject_notes-Btkhs_qx.js", "/dashboard/assets/table_import-_w-yaqW-.js", "/dashboard/assets/tabs-Cqge9-WL.js", "/dashboard/assets/tapped_place-DPJfLiBR.js", "/dashboard/assets/treatments_panel-DyKEC0xi.js", "/dashboard/assets/treatments_panel-rceL6s7c.js", "/dashboard/assets/trial_form-DsSs9BzO.js", "/dashboard/assets/trials_panel-CvAHV1yx.js", "/dashboard/assets/trials_panel-DIMjNUgA.css", "/dashboard/assets/weather_panel-BniOjES6.css", "/dashboard/assets/weather_panel-DoL5Px7q.js", "/dashboard/assets/wind_mark-CwOTzo4b.js", "/dashboard/assets/yield_panel-C4hGkTe3.js", "/dashboard/assets/yield_panel-D-PL5Edh.css", "/dashboard/assets/yields-3WO9iB3g.js", "/dashboard/assets/zone_colours-g8_LF20z.js", "/dashboard/assets/zone_key-CoACjWBL.js", "/dashboard/headland.svg", "/dashboard/icon-192.png", "/dashboard/icon-512.png", "/dashboard/icon-maskable-512.png", "/dashboard/manifest.webmanifest"];
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
