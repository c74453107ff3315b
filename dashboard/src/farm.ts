// What every page knows of the farm: its devices and their newest values, kept fresh by the stream.

import { ask, askAll } from "./api";
import { listen, type LatestItem, type LatestValue, type LiveState } from "./live";

export interface Device {
  id: string;
  kind: string;
  name: string;
  site: string;
  gateway: string;
  model: string;
  simulated: boolean;
  clock: string | null;
  last_seen_ms: number | null;
}

export interface DeviceDetail extends Device {
  software: string;
  latitude_deg: number | null;
  longitude_deg: number | null;
  altitude_m: number | null;
  channels: Record<string, { unit: string; meaning: string | null; interval_s: number | null; sensor: string | null }>;
}

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
    this.#take((await ask<{ items: LatestItem[] }>("/v1/latest")).items);
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
    const found = await askAll<Device>("/v1/devices");
    this.devices.clear();
    for (const device of found) this.devices.set(device.id, device);
    this.#tell();
  }

  /** Return a device with its channels and place; asked once a minute at the most often. */
  async detail(id: string): Promise<DeviceDetail> {
    const known = this.details.get(id);
    if (known) return known;
    const found = await ask<DeviceDetail>(`/v1/devices/${encodeURIComponent(id)}`);
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
      this.#take((await ask<{ items: LatestItem[] }>("/v1/latest")).items);
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
