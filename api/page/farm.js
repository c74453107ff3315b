// What the page knows of the farm, kept fresh by asking the API; no drawing here.

const TRACK = ["latitude_deg", "longitude_deg", "pump_on", "flow_l_min", "mass_flow_kg_min"];
const DAY_PART_MS = 12 * 3600 * 1000;

export const CHART_WINDOW_MS = 600_000;

export class Farm {
  devices = new Map();
  latest = new Map();
  details = new Map();
  climate = new Map();
  flights = new Map();
  charts = new Map();
  alarms = [];
  online = null;
  streaming = false;
  onSignedOut = null;
  #stream = null;
  #skewMs = 0;
  #known = new Set();

  // The station's clock: a phone whose clock is wrong must not call a fresh value old.
  now() {
    return Date.now() + this.#skewMs;
  }

  async ask(path, method = "GET") {
    const asked = Date.now();
    try {
      const response = await fetch(path, { method, headers: { Accept: "application/json" }, signal: AbortSignal.timeout(8000) });
      this.#noteClock(response.headers.get("Date"), asked);
      if (response.status >= 500) throw new Error(`${path}: ${response.status}`);
      this.online = true;
      if (response.status === 401) this.onSignedOut?.();
      return response.ok ? await response.json() : null;
    } catch (error) {
      this.online = false;
      throw error;
    }
  }

  async askDevices() {
    this.devices = new Map((await this.#askAll("/v1/devices?limit=1000")).map((item) => [item.id, item]));
  }

  // All pages of a list.
  async #askAll(path) {
    const items = [];
    let cursor = null;
    do {
      const page = await this.ask(cursor === null ? path : `${path}&cursor=${encodeURIComponent(cursor)}`);
      items.push(...(page?.items ?? []));
      cursor = page?.next ?? null;
    } while (cursor !== null);
    return items;
  }

  async askLatest() {
    const answer = await this.ask("/v1/latest");
    this.#takeLatest(answer?.items ?? []);
  }

  // Newest values as they are committed. While the stream is open nobody needs to ask for them; a browser that loses it
  // comes back by itself and goes on where it was.
  listen(onValues) {
    this.#stream = new EventSource("/v1/live");
    this.#stream.addEventListener("hello", () => { this.streaming = true; });
    this.#stream.addEventListener("latest", (event) => {
      this.#takeLatest(JSON.parse(event.data).items);
      onValues();
    });
    this.#stream.addEventListener("error", () => { this.streaming = false; });
  }

  // A page that nobody looks at holds no connection: a browser has few for one host.
  stopListening() {
    this.#stream?.close();
    this.#stream = null;
    this.streaming = false;
  }

  // Whether the browser has given up on the stream, as where there was no room for another.
  get deaf() {
    return this.#stream === null || this.#stream.readyState === EventSource.CLOSED;
  }

  #takeLatest(items) {
    for (const item of items) {
      this.latest.set(item.device, { ...this.latest.get(item.device), ...item.channels });
      const device = this.devices.get(item.device);
      const times = Object.values(item.channels).map((value) => value.time_ms);
      if (device && times.length) device.last_seen_ms = Math.max(...times);
    }
  }

  async askAlarms() {
    this.alarms = (await this.ask("/v1/alarms?state=active&limit=500"))?.items ?? [];
  }

  async acknowledge(id) {
    await this.ask(`/v1/alarms/${id}/acknowledge`, "POST");
    await this.askAlarms();
  }

  async askDetail(id) {
    const detail = await this.ask(`/v1/devices/${id}`);
    if (detail) this.details.set(id, detail);
  }

  async askClimate(id) {
    const end = this.#endOf(id);
    if (end === null) return;
    const start = await this.#startOf(id, end);
    this.climate.set(id, await this.ask(`/v1/greenhouses/${id}/climate?start=${start}&end=${end}`));
  }

  // Ten minutes, or less for a house that is heard for the first time: what it never measured is no hole in its data.
  async #startOf(id, end) {
    const start = end - CHART_WINDOW_MS;
    const first = this.charts.get(id)?.time_ms[0] ?? start;
    if (first < start + 30_000 || this.#known.has(id)) return start;
    const before = await this.ask(`/v1/devices/${id}/series?channel=air_temperature_degc&start=${start - 14 * DAY_PART_MS}&end=${start}&max_points=1`);
    if (before === null || before.time_ms.length === 0) return Math.max(start, first);
    this.#known.add(id);
    return start;
  }

  // The last flight lies between the last two changes of the arming state; ongoing flights end with the last value.
  async askFlight(id, swathM) {
    const end = this.#endOf(id);
    if (end === null) return;
    const events = await this.#askAll(`/v1/devices/${id}/events?start=${end - DAY_PART_MS}&end=${end}&limit=1000`);
    const arming = events.filter((event) => event.kind === "armed");
    const from = arming.findLastIndex((event) => event.data.armed);
    const flight = from < 0 ? await this.#guessFlight(id, end) : [arming[from].time_ms, arming[from + 1]?.time_ms ?? end];
    if (flight === null) {
      this.flights.set(id, null);
      return;
    }
    const window = `start=${flight[0]}&end=${Math.max(flight[1], flight[0] + 1)}`;
    const wanted = TRACK.filter((channel) => channel in (this.latest.get(id) ?? {}));
    const channels = wanted.map((channel) => `channel=${channel}`).join("&");
    const [answers, track] = await Promise.all([
      this.ask(`/v1/devices/${id}/application?${window}&swath_m=${swathM}`),
      wanted.includes("latitude_deg") ? this.ask(`/v1/devices/${id}/series?${channels}&${window}&max_points=3000`) : null,
    ]);
    this.flights.set(id, { start: flight[0], end: flight[1], swathM, answers, track });
  }

  async askCharts(id, channels) {
    const end = this.#endOf(id);
    const known = channels.filter((channel) => channel in (this.latest.get(id) ?? {}));
    if (end === null || known.length === 0) return;
    const query = known.map((channel) => `channel=${channel}`).join("&");
    const path = `/v1/devices/${id}/series?${query}&start=${end - CHART_WINDOW_MS}&end=${end}&max_points=600`;
    this.charts.set(id, await this.ask(path));
  }

  // How old a value may be before it is no longer current: a few of its own intervals.
  isStale(id, channel, timeMs) {
    const interval = this.details.get(id)?.channels[channel]?.interval_s ?? 5;
    return this.now() - timeMs > Math.max(5, 3 * interval) * 1000;
  }

  #endOf(id) {
    const seen = this.devices.get(id)?.last_seen_ms ?? null;
    return seen === null ? null : seen + 1;
  }

  // Without arming events (a third-party device): the last stretch of positions without a silence of two minutes.
  async #guessFlight(id, end) {
    if (!("latitude_deg" in (this.latest.get(id) ?? {}))) return null;
    const series = await this.ask(`/v1/devices/${id}/series?channel=latitude_deg&start=${end - DAY_PART_MS}&end=${end}&max_points=1440`);
    const times = series?.time_ms ?? [];
    if (times.length === 0) return null;
    let first = times.length - 1;
    while (first > 0 && times[first] - times[first - 1] < 120_000) first -= 1;
    return [times[first], end];
  }

  #noteClock(date, asked) {
    const told = Date.parse(date ?? "");
    if (Number.isNaN(told)) return;
    const skew = told - (asked + Date.now()) / 2;
    // The header has whole seconds; only a clock that is plainly wrong is corrected.
    this.#skewMs = Math.abs(skew) > 5000 ? skew : 0;
  }
}
