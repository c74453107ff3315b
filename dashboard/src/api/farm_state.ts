// What every page knows of the farm: its devices and their newest values, kept fresh by the stream.

import { all, api, at, got, type components } from "./client";
import { listen, type LatestItem, type LatestValue, type LiveState } from "./live";

export type Device = components["schemas"]["Device"];
export type DeviceDetail = components["schemas"]["DeviceDetail"];

type Listener = () => void;
const DRAW_MS = 100;
const POLL_MS = 1500;
const LOOK_MS = 10_000;

export class Farm {
  readonly devices = new Map<string, Device>();
  readonly details = new Map<string, DeviceDetail>();
  readonly latest = new Map<string, Record<string, LatestValue>>();
  stream: LiveState = "wait";
  readonly #listeners = new Set<Listener>();
  #stop: () => void = () => undefined;
  #drawSoon: ReturnType<typeof setTimeout> | null = null;

  /** Begin to listen; where no stream is to be had, the newest values are asked for instead. */
  async start(): Promise<void> {
    await this.askDevices();
    this.#take(await askLatest());
    const deafen = listen({
      onItems: (items) => this.#take(items),
      onState: (state) => {
        this.stream = state;
        this.#tell();
      },
    });
    const poll = setInterval(() => void this.#poll(), POLL_MS);
    const look = setInterval(() => {
      if (!document.hidden) void this.askDevices().catch(() => undefined);
    }, LOOK_MS);
    this.#stop = () => {
      deafen();
      clearInterval(poll);
      clearInterval(look);
    };
  }

  /** End asking and listening, as when nobody is signed in any more. */
  stop(): void {
    this.#stop();
    this.#listeners.clear();
  }

  /** Hear of new values, at most ten times a second. Returns how to stop. */
  onChange(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async askDevices(): Promise<void> {
    const found = await all((cursor) => api.GET("/v1/devices", { params: { query: at(cursor) } }));
    this.devices.clear();
    for (const device of found) this.devices.set(device.id, device);
    this.#tell();
  }

  /** Return a device with its channels and place; asked once a minute at the most often. */
  async detail(id: string): Promise<DeviceDetail> {
    const known = this.details.get(id);
    if (known) return known;
    const found = await got(api.GET("/v1/devices/{device}", { params: { path: { device: id } } }));
    this.details.set(id, found);
    setTimeout(() => this.details.delete(id), 60_000);
    return found;
  }

  value(device: string, channel: string): LatestValue | undefined {
    return this.latest.get(device)?.[channel];
  }

  nameOf(device: string): string {
    return this.devices.get(device)?.name || device;
  }

  #take(items: LatestItem[]): void {
    for (const item of items) {
      this.latest.set(item.device, { ...this.latest.get(item.device), ...item.channels });
      const device = this.devices.get(item.device);
      const newest = Math.max(...Object.values(item.channels).map((value) => value.time_ms));
      if (device && Number.isFinite(newest)) device.last_seen_ms = Math.max(newest, device.last_seen_ms ?? 0);
    }
    this.#tell();
  }

  async #poll(): Promise<void> {
    if (this.stream === "open" || document.hidden) return;
    try {
      this.#take(await askLatest());
    } catch {
      // The shell says that the station does not answer; ages go on counting.
    }
  }

  #tell(): void {
    this.#drawSoon ??= setTimeout(() => {
      this.#drawSoon = null;
      for (const listener of [...this.#listeners]) listener();
    }, DRAW_MS);
  }
}

async function askLatest(): Promise<LatestItem[]> {
  return all((cursor) => api.GET("/v1/latest", { params: { query: at(cursor) } }));
}
