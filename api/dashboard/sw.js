// Service worker: the page opens without a network, with the last answers of the station, each marked with the time it was received.
// `vite.config.ts` puts the names of the built files in. Nothing here asks another host.

<<<<<<< HEAD
<<<<<<< HEAD
const VERSION = "4dc8403becea";
const FILES = ["/dashboard/assets/address-Bp1bl7YE.js", "/dashboard/assets/alarm_text-CNE2ZrF7.js", "/dashboard/assets/alarms-DjfylY60.js", "/dashboard/assets/chart-Cjod54Pu.js", "/dashboard/assets/chart-CnsZ1jie.css", "/dashboard/assets/cooperative-CLmD5fte.js", "/dashboard/assets/date_range-CXboAC9a.js", "/dashboard/assets/device_card-B6fddKzY.js", "/dashboard/assets/dist-BsbcV6pe.js", "/dashboard/assets/dom-876O9rA0.js", "/dashboard/assets/dom_node-eMgdrtHJ.js", "/dashboard/assets/draw_tool-BEJCMBhH.js", "/dashboard/assets/drop_file-CYn-Y3_5.js", "/dashboard/assets/dropped_files-CgsX_UBp.js", "/dashboard/assets/empty-BtLY23eq.js", "/dashboard/assets/esm-Xkf8mv-x.js", "/dashboard/assets/farm-BCli6soK.js", "/dashboard/assets/farm_map-Cq2JTYs7.js", "/dashboard/assets/field-CU4nRqKX.css", "/dashboard/assets/field-CYOcQsG-.js", "/dashboard/assets/field_weather-CWXz8vhs.js", "/dashboard/assets/fields-CwKchIsJ.js", "/dashboard/assets/file_button-D1ZCr9jS.js", "/dashboard/assets/files-D7wppqKN.js", "/dashboard/assets/greenhouse-DhTpH97h.css", "/dashboard/assets/greenhouse-Dt33mQuw.js", "/dashboard/assets/greenhouse-t_5YhITO.js", "/dashboard/assets/health-BUug8dyQ.js", "/dashboard/assets/health-Bc_UzQ_o.css", "/dashboard/assets/house_tabs-D8HZykpi.js", "/dashboard/assets/index-Cfz20Y8q.js", "/dashboard/assets/lazy-Bu-yDfON.js", "/dashboard/assets/maplibre-gl-worker-CZtFQQIV.mjs", "/dashboard/assets/mount-B0SXfjdF.js", "/dashboard/assets/note_list-CO59HtXH.js", "/dashboard/assets/notes-B2TpFBPd.css", "/dashboard/assets/notes-Mc423TY4.js", "/dashboard/assets/notes_panel-D49KjjjA.js", "/dashboard/assets/numbers-TuCpdY5u.js", "/dashboard/assets/outline_model-CRvkcJVa.js", "/dashboard/assets/overlays-Dgc3uLqM.js", "/dashboard/assets/preload-helper-C5GJq4j-.js", "/dashboard/assets/progress-yeNh-Jyu.js", "/dashboard/assets/queue-BRRADjdv.js", "/dashboard/assets/registry-BE2H2LDB.js", "/dashboard/assets/report_links-DOVYpAvm.js", "/dashboard/assets/request-Bfc82eWl.js", "/dashboard/assets/settings-06aRtM2d.js", "/dashboard/assets/settings-BlXNOEne.js", "/dashboard/assets/style-C4o9yccT.css", "/dashboard/assets/subject_notes-B2ARfuAw.js", "/dashboard/assets/table-CEEVvkmW.js", "/dashboard/assets/tabs-D9TGiYZD.js", "/dashboard/assets/trails-1SaXSdJv.js", "/dashboard/assets/trails-DmKgqmE-.css", "/dashboard/assets/unique_id-V2KKeYZf.js", "/dashboard/assets/value_tile-rUzRjcpf.js", "/dashboard/assets/weather_panel-BcnLblvW.js", "/dashboard/assets/weather_panel-BniOjES6.css", "/dashboard/headland.svg", "/dashboard/icon-192.png", "/dashboard/icon-512.png", "/dashboard/icon-maskable-512.png", "/dashboard/manifest.webmanifest"];
=======
<<<<<<< HEAD
const VERSION = "c67ae01526b8";
const FILES = ["/dashboard/assets/address-Bp1bl7YE.js", "/dashboard/assets/alarm_text-DzXpff1i.js", "/dashboard/assets/alarms-ClNYmhGQ.js", "/dashboard/assets/chart-CnsZ1jie.css", "/dashboard/assets/chart-UEBRdvA-.js", "/dashboard/assets/device_card-BaJLBcFe.js", "/dashboard/assets/dist-BsbcV6pe.js", "/dashboard/assets/dom-876O9rA0.js", "/dashboard/assets/dom_node-CB84sQm3.js", "/dashboard/assets/draw_tool-BEJCMBhH.js", "/dashboard/assets/drop_file-gWL9IHGL.js", "/dashboard/assets/dropped_files-Bv6Yb0AS.js", "/dashboard/assets/empty-DAoVx_BC.js", "/dashboard/assets/esm-Xkf8mv-x.js", "/dashboard/assets/farm-Bv3A6l2j.js", "/dashboard/assets/farm_map-_Fqo8pv8.js", "/dashboard/assets/field-CQHigpGT.js", "/dashboard/assets/field-CU4nRqKX.css", "/dashboard/assets/field_weather-mHS0uFpu.js", "/dashboard/assets/fields-1kD6BzqK.js", "/dashboard/assets/greenhouse-CJDIrSiR.js", "/dashboard/assets/greenhouse-CrGtWgVd.js", "/dashboard/assets/greenhouse-DhTpH97h.css", "/dashboard/assets/health-BMSwVOuo.js", "/dashboard/assets/health-Bc_UzQ_o.css", "/dashboard/assets/house_tabs-6A_tUyQr.js", "/dashboard/assets/index-CsSI1dE0.js", "/dashboard/assets/lazy-BkOiqXyC.js", "/dashboard/assets/maplibre-gl-worker-CZtFQQIV.mjs", "/dashboard/assets/mount-Cq7OslUK.js", "/dashboard/assets/note_list-D9a_nA-x.js", "/dashboard/assets/notes-B2TpFBPd.css", "/dashboard/assets/notes-BM6JQnm1.js", "/dashboard/assets/notes_panel-DnEOQmmG.js", "/dashboard/assets/numbers-aJNiDYoJ.js", "/dashboard/assets/outline_model-CRvkcJVa.js", "/dashboard/assets/overlays-C0JpAWMh.js", "/dashboard/assets/preload-helper-C5GJq4j-.js", "/dashboard/assets/queue-sNWQtFw1.js", "/dashboard/assets/registry-4fdBoadB.js", "/dashboard/assets/report_links-BbzTgl80.js", "/dashboard/assets/request-CP6BbHWS.js", "/dashboard/assets/settings-BwVA4mjz.js", "/dashboard/assets/settings-DxPUwdYR.js", "/dashboard/assets/style-C4o9yccT.css", "/dashboard/assets/subject_notes-oSCQKX20.js", "/dashboard/assets/table-BtAf8aWo.js", "/dashboard/assets/tabs-DcATUgo8.js", "/dashboard/assets/trails-DmKgqmE-.css", "/dashboard/assets/trails-mkHZjJHM.js", "/dashboard/assets/unique_id-BKUsXOfS.js", "/dashboard/assets/value_tile-BuxaFQZo.js", "/dashboard/assets/weather_panel-BniOjES6.css", "/dashboard/assets/weather_panel-DfbIB7Hr.js", "/dashboard/headland.svg", "/dashboard/icon-192.png", "/dashboard/icon-512.png", "/dashboard/icon-maskable-512.png", "/dashboard/manifest.webmanifest"];
=======
const VERSION = "1a1faffbbcec";
const FILES = ["/dashboard/assets/address-Bp1bl7YE.js", "/dashboard/assets/alarm_text-58WsrUE6.js", "/dashboard/assets/alarms-DcyXHnmz.js", "/dashboard/assets/chart-CnsZ1jie.css", "/dashboard/assets/chart-DI6cwbim.js", "/dashboard/assets/device_card-Bbefvp47.js", "/dashboard/assets/dist-BsbcV6pe.js", "/dashboard/assets/dom-876O9rA0.js", "/dashboard/assets/dom_node-DFUhL3xe.js", "/dashboard/assets/draw_tool-BEJCMBhH.js", "/dashboard/assets/duty-C_eP9WgB.css", "/dashboard/assets/duty-DLfQi0en.js", "/dashboard/assets/empty-BQ0aJ_R6.js", "/dashboard/assets/esm-Xkf8mv-x.js", "/dashboard/assets/farm-DqffESzr.js", "/dashboard/assets/farm_map-BeSQ8esZ.js", "/dashboard/assets/field-CU4nRqKX.css", "/dashboard/assets/field-D5V5HcHC.js", "/dashboard/assets/field_weather-CwGRqHOC.js", "/dashboard/assets/fields-ByIA3Vr7.js", "/dashboard/assets/greenhouse-A6Fov2Ix.js", "/dashboard/assets/greenhouse-BXQJBAmO.js", "/dashboard/assets/greenhouse-DhTpH97h.css", "/dashboard/assets/health-DmapCSD-.js", "/dashboard/assets/house_tabs-CH7ylztE.js", "/dashboard/assets/index-DN-R5A1o.js", "/dashboard/assets/lazy-cXfH3_j3.js", "/dashboard/assets/maplibre-gl-worker-CZtFQQIV.mjs", "/dashboard/assets/mount-DZs25nkW.js", "/dashboard/assets/note_list-DSDfZU7y.js", "/dashboard/assets/notes-2xVdgP7Z.js", "/dashboard/assets/notes-B2TpFBPd.css", "/dashboard/assets/notes_panel-CuKT1V9J.js", "/dashboard/assets/numbers-hPeP-lL5.js", "/dashboard/assets/outline_model-CRvkcJVa.js", "/dashboard/assets/overlays-DmpLkc07.js", "/dashboard/assets/preload-helper-C5GJq4j-.js", "/dashboard/assets/queue-DmM6v3Dm.js", "/dashboard/assets/records-Dpl0AQST.js", "/dashboard/assets/registry-2olHUstQ.js", "/dashboard/assets/report_links-Dv7zGL76.js", "/dashboard/assets/request-CG_hfqh1.js", "/dashboard/assets/settings-B3ODX1lw.js", "/dashboard/assets/settings-Cmk8fg1-.js", "/dashboard/assets/style-C4o9yccT.css", "/dashboard/assets/subject_notes-DAUz7yCU.js", "/dashboard/assets/table-DVXsvKyr.js", "/dashboard/assets/tabs-Bf9xCmz4.js", "/dashboard/assets/trails-CaEeN5jY.js", "/dashboard/assets/trails-DmKgqmE-.css", "/dashboard/assets/unique_id-nkxFKITr.js", "/dashboard/assets/value_tile-9h2Ky-WS.js", "/dashboard/assets/weather_panel-BniOjES6.css", "/dashboard/assets/weather_panel-Clspmren.js", "/dashboard/assets/write-B5TIss3K.js", "/dashboard/headland.svg", "/dashboard/icon-192.png", "/dashboard/icon-512.png", "/dashboard/icon-maskable-512.png", "/dashboard/manifest.webmanifest"];
>>>>>>> 47faf006 (Send alarms to whoever is on duty, and to the next without acknowledgement)
>>>>>>> 7b11cf6c (Send alarms to whoever is on duty, and to the next without acknowledgement)
=======
const VERSION = "a34ce9c91178";
const FILES = ["/dashboard/assets/address-Bp1bl7YE.js", "/dashboard/assets/alarm_text-CIeXfRY0.js", "/dashboard/assets/alarms-C08kl8RS.js", "/dashboard/assets/chart-BzTO0kbD.js", "/dashboard/assets/chart-CnsZ1jie.css", "/dashboard/assets/device_card-CjWFek5U.js", "/dashboard/assets/dist-BsbcV6pe.js", "/dashboard/assets/dom-876O9rA0.js", "/dashboard/assets/dom_node-DZPdOOom.js", "/dashboard/assets/draw_tool-BEJCMBhH.js", "/dashboard/assets/drop_file-BtpIc81t.js", "/dashboard/assets/dropped_files-Bv6Yb0AS.js", "/dashboard/assets/duty-C_eP9WgB.css", "/dashboard/assets/duty-CkQW9E7S.js", "/dashboard/assets/empty-OqBjG3ej.js", "/dashboard/assets/esm-Xkf8mv-x.js", "/dashboard/assets/farm-CXT6b8MJ.js", "/dashboard/assets/farm_map-DBq3o840.js", "/dashboard/assets/field-CU4nRqKX.css", "/dashboard/assets/field-yHvPQn7G.js", "/dashboard/assets/field_weather-DItKvMh7.js", "/dashboard/assets/fields-DA-A3QBk.js", "/dashboard/assets/greenhouse-BIPCcdjN.js", "/dashboard/assets/greenhouse-CrGtWgVd.js", "/dashboard/assets/greenhouse-DhTpH97h.css", "/dashboard/assets/health-Bc_UzQ_o.css", "/dashboard/assets/health-C2YWDmRT.js", "/dashboard/assets/house_tabs-CA43IKGY.js", "/dashboard/assets/index-BhLw5cfo.js", "/dashboard/assets/lazy-BiHT8nkI.js", "/dashboard/assets/maplibre-gl-worker-CZtFQQIV.mjs", "/dashboard/assets/mount-B_tpSGWU.js", "/dashboard/assets/note_list-DDrAa-RL.js", "/dashboard/assets/notes-B2TpFBPd.css", "/dashboard/assets/notes-BM6JQnm1.js", "/dashboard/assets/notes_panel-DhGzcGmm.js", "/dashboard/assets/numbers-BqafW2SP.js", "/dashboard/assets/outline_model-CRvkcJVa.js", "/dashboard/assets/overlays-1ugQ8F4t.js", "/dashboard/assets/preload-helper-C5GJq4j-.js", "/dashboard/assets/queue-B7DmJV7D.js", "/dashboard/assets/records-B8vrknVP.js", "/dashboard/assets/registry-DaD4JIvx.js", "/dashboard/assets/report_links-D6dSWF_3.js", "/dashboard/assets/request-CP6BbHWS.js", "/dashboard/assets/settings-BwVA4mjz.js", "/dashboard/assets/settings-UMoKoYxp.js", "/dashboard/assets/style-C4o9yccT.css", "/dashboard/assets/subject_notes-D1PZIWm4.js", "/dashboard/assets/table-DCVeDLEf.js", "/dashboard/assets/tabs-BCg1hwDI.js", "/dashboard/assets/trails-CB3LgaMU.js", "/dashboard/assets/trails-DmKgqmE-.css", "/dashboard/assets/unique_id-Bv7EDWUO.js", "/dashboard/assets/value_tile-kqRhxPga.js", "/dashboard/assets/weather_panel-BniOjES6.css", "/dashboard/assets/weather_panel-DoL2nyZr.js", "/dashboard/headland.svg", "/dashboard/icon-192.png", "/dashboard/icon-512.png", "/dashboard/icon-maskable-512.png", "/dashboard/manifest.webmanifest"];
>>>>>>> 0f3936b5 (Give statements of the cooperative a name of their own in the API)
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
