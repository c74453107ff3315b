// State of the farm that all pages share: devices and their newest values, updated by the stream.

import { api, cursorQuery, dataOf, listAll, type Body, type ListItem } from "./client";
import { deviceName } from "../i18n/device_names";
import { openStream, type LatestItem, type LatestValue, type StreamState } from "./live";

export type Device = ListItem<"/v1/devices">;
export type DeviceDetail = Body<"/v1/devices/{device}">;

type Listener = () => void;
const NOTIFY_MS = 250;
const POLL_MS = 1500;
const DEVICES_MS = 10_000;
const DETAIL_MS = 60_000;
/** Items of a page: a whole farm in one request. */
const MOST = 1000;

export class FarmState {
  readonly devices = new Map<string, Device>();
  readonly details = new Map<string, DeviceDetail>();
  readonly latest = new Map<string, Record<string, LatestValue>>();
  stream: StreamState = "connecting";
  readonly #listeners = new Set<Listener>();
  readonly #stops: (() => void)[] = [];
  #isStopped = false;
  #isFollowing = false;
  #isPolling = false;
  #pendingNotice: ReturnType<typeof setTimeout> | null = null;

  /** Load the state and keep it current by polling, until `follow` opens the stream. */
  async start(): Promise<void> {
    const [, latest] = await Promise.all([this.loadDevices(), requestLatest()]);
    if (this.#isStopped) return;
    this.#merge(latest);
    const poll = setInterval(() => void this.#poll(), POLL_MS);
    // One at a time: behind a slow station they would take all of its places.
    let isLoading = false;
    const reload = setInterval(() => {
      if (document.hidden || isLoading) return;
      isLoading = true;
      void this.loadDevices()
        .catch(() => undefined)
        .finally(() => (isLoading = false));
    }, DEVICES_MS);
    this.#stops.push(
      () => clearInterval(poll),
      () => clearInterval(reload),
    );
  }

  /** Open the stream of new values, once; without it the newest values are polled. */
  follow(): void {
    if (this.#isStopped || this.#isFollowing) return;
    this.#isFollowing = true;
    const onState = (state: StreamState): void => {
      this.stream = state;
      this.#notify();
    };
    this.#stops.push(openStream({ onItems: (items) => this.#merge(items), onState }));
  }

  /** Stop all requests and notifications. */
  stop(): void {
    this.#isStopped = true;
    for (const stop of this.#stops.splice(0)) stop();
    this.#listeners.clear();
  }

  /** Call `listener` on new values, at most four times a second. Returns a function that removes it. */
  onChange(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async loadDevices(): Promise<void> {
    const devices = await listAll((cursor) => api.GET("/v1/devices", { params: { query: { limit: MOST, ...cursorQuery(cursor) } } }));
    this.devices.clear();
    for (const device of devices) this.devices.set(device.id, device);
    this.#notify();
  }

  /** Return a device with its channels and position; requested at most once a minute. */
  async detail(id: string): Promise<DeviceDetail> {
    const cached = this.details.get(id);
    if (cached) return cached;
    const detail = await dataOf(api.GET("/v1/devices/{device}", { params: { path: { device: id } } }));
    this.details.set(id, detail);
    setTimeout(() => this.details.delete(id), DETAIL_MS);
    return detail;
  }

  value(device: string, channel: string): LatestValue | undefined {
    return this.latest.get(device)?.[channel];
  }

  nameOf(device: string): string {
    return deviceName(this.devices.get(device)?.name, device);
  }

  #merge(items: LatestItem[]): void {
    for (const item of items) {
      const device = this.devices.get(item.device);
      const before = this.latest.get(item.device) ?? {};
      // The stream's values have no limits of freshness: those of the value before hold on, of a new channel the device's.
      const limits = { late_after_s: device?.late_after_s ?? null, silent_after_s: device?.silent_after_s ?? null };
      const values = Object.entries(item.channels).map(([name, value]) => [name, { ...limits, ...before[name], ...value }] as const);
      this.latest.set(item.device, { ...before, ...Object.fromEntries(values) });
      const newestMs = Math.max(...Object.values(item.channels).map((value) => value.time_ms));
      if (device && Number.isFinite(newestMs)) device.last_seen_ms = Math.max(newestMs, device.last_seen_ms ?? 0);
    }
    this.#notify();
  }

  async #poll(): Promise<void> {
    if (this.stream === "open" || document.hidden || this.#isPolling) return;
    this.#isPolling = true;
    try {
      this.#merge(await requestLatest());
    } catch {
      // The shell shows that the server does not respond; ages continue to grow.
    } finally {
      this.#isPolling = false;
    }
  }

  #notify(): void {
    this.#pendingNotice ??= setTimeout(() => {
      this.#pendingNotice = null;
      for (const listener of [...this.#listeners]) listener();
    }, NOTIFY_MS);
  }
}

async function requestLatest(): Promise<LatestItem[]> {
  return listAll((cursor) => api.GET("/v1/latest", { params: { query: { limit: MOST, ...cursorQuery(cursor) } } }));
}
