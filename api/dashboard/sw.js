// Service worker: the page opens without a network, with the last answers of the station, each marked with the time it was received.
// `vite.config.ts` puts the names of the built files in. Nothing here asks another host.

const VERSION = "d4feb8b36415";
const FILES = ["/dashboard/assets/accounts-HUqkzhs4.js", "/dashboard/assets/against_applied-Bmn8X7vs.js", "/dashboard/assets/alarms-BzZ95M3v.js", "/dashboard/assets/asked_button-DEzsl4O0.js", "/dashboard/assets/band_text-BRMX6Aum.js", "/dashboard/assets/base-D4wz9Ioe.js", "/dashboard/assets/chart-Bc_MR_cF.js", "/dashboard/assets/chart-CnsZ1jie.css", "/dashboard/assets/cooperative-B3bK-zWB.js", "/dashboard/assets/cooperative-D7kcyJq-.js", "/dashboard/assets/date_range-zDGfro_g.js", "/dashboard/assets/deliveries-Bws_CkdV.js", "/dashboard/assets/dist-BsbcV6pe.js", "/dashboard/assets/draw_tool-BEJCMBhH.js", "/dashboard/assets/drawn_prescription-MuHV7g7y.js", "/dashboard/assets/drop_file-DViOa3mn.js", "/dashboard/assets/duty-Bl3mv7to.js", "/dashboard/assets/duty-C_eP9WgB.css", "/dashboard/assets/esm-Xkf8mv-x.js", "/dashboard/assets/farm_map-gY9GggEh.js", "/dashboard/assets/field-B5UY7mts.css", "/dashboard/assets/field-BXwyaLxw.js", "/dashboard/assets/field-Bqdnz1lq.js", "/dashboard/assets/field_map-q-L_VgZa.js", "/dashboard/assets/field_weather-Sovdscv7.js", "/dashboard/assets/field_work-DqyBzaAq.js", "/dashboard/assets/fields-DyEq0NIz.js", "/dashboard/assets/file_button-Bw2WcCaW.css", "/dashboard/assets/file_button-C2ZbIZ5F.js", "/dashboard/assets/file_button-DlFJFEJx.js", "/dashboard/assets/files-CHmVcTgB.js", "/dashboard/assets/first-DJ3TVqTz.css", "/dashboard/assets/first-DL8JZ-ZB.js", "/dashboard/assets/form-hH3ENKS7.js", "/dashboard/assets/greenhouse-BtKJ6pNs.js", "/dashboard/assets/greenhouse-DCOD1NKK.js", "/dashboard/assets/greenhouse-DhTpH97h.css", "/dashboard/assets/grid_map-C83m6Elw.js", "/dashboard/assets/harvest--98MV18l.js", "/dashboard/assets/harvest_import-BG7uR6Rh.js", "/dashboard/assets/health-DdpjO9Zb.js", "/dashboard/assets/house_tabs-DXJWqhWl.js", "/dashboard/assets/imports_panel-B4OEBwuC.js", "/dashboard/assets/imports_panel-Bc_UzQ_o.css", "/dashboard/assets/index-Dgt2kacg.js", "/dashboard/assets/layout_map-DFkbTt4F.js", "/dashboard/assets/map-BXC8rbrE.css", "/dashboard/assets/map-CGavvXKy.js", "/dashboard/assets/maplibre-gl-worker-CZtFQQIV.mjs", "/dashboard/assets/money-DhLPKcc1.js", "/dashboard/assets/note_list-DYe8Nw4F.js", "/dashboard/assets/notes-B2TpFBPd.css", "/dashboard/assets/notes-DTLPz6FT.js", "/dashboard/assets/notes_panel-BuGhorey.js", "/dashboard/assets/outline_model-CRvkcJVa.js", "/dashboard/assets/person_form-BW8O4QTu.js", "/dashboard/assets/person_form-CzvUMnTq.js", "/dashboard/assets/person_record-ewuLFPWb.js", "/dashboard/assets/points_prescription-0fJ8nZFv.js", "/dashboard/assets/push-CjXK-xFs.js", "/dashboard/assets/recall-D0Xo7bXi.js", "/dashboard/assets/records-BDzWPpO_.js", "/dashboard/assets/records-CD7WFhz3.js", "/dashboard/assets/records-KHgIKuWz.js", "/dashboard/assets/report_links-DxcCeh4w.js", "/dashboard/assets/set_active-DDG1j7k9.js", "/dashboard/assets/settings-DBLsQWCJ.js", "/dashboard/assets/settings-QTHlka6-.js", "/dashboard/assets/settings-aoM-nqTc.css", "/dashboard/assets/stability-BW5Ob75w.js", "/dashboard/assets/style-DZ9QBwBf.css", "/dashboard/assets/subject_notes-DuOWjgZG.js", "/dashboard/assets/table_import-C55nRKtB.js", "/dashboard/assets/tabs-nDJQpsLQ.js", "/dashboard/assets/tapped_place-DFjgDeHb.js", "/dashboard/assets/treatments_panel-C3XPEPzX.js", "/dashboard/assets/treatments_panel-DrnhaJ4C.js", "/dashboard/assets/trial_form-BdxHqlFy.js", "/dashboard/assets/trials_panel-BxZYQ6Vd.js", "/dashboard/assets/trials_panel-DIMjNUgA.css", "/dashboard/assets/weather_panel-BniOjES6.css", "/dashboard/assets/weather_panel-CRe6Zl0G.js", "/dashboard/assets/wind_mark-D6Zf_xMM.js", "/dashboard/assets/yield_panel-BvTIQcb9.js", "/dashboard/assets/yield_panel-D-PL5Edh.css", "/dashboard/assets/yields-DvB8uXVF.js", "/dashboard/assets/zone_colours-sX06S2yJ.js", "/dashboard/assets/zone_key-B3J5eB0e.js", "/dashboard/headland.svg", "/dashboard/icon-192.png", "/dashboard/icon-512.png", "/dashboard/icon-maskable-512.png", "/dashboard/manifest.webmanifest"];
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
