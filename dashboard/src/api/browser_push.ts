// Messages to this browser: its subscription at the push service, and what this browser remembers of it.

import { api, dataOf } from "./client";

const STORED = "headland.push";

export interface KnownPush {
  recipient: string;
  name: string;
}

/** Return whether this browser can take messages; over http, and in some programs, it cannot. */
export function canPush(): boolean {
  return "serviceWorker" in navigator && "PushManager" in window && "Notification" in window;
}

export async function subscribeBrowser(): Promise<PushSubscription> {
  const { public_key } = await dataOf(api.GET("/v1/push-subscriptions/key"));
  const registration = await navigator.serviceWorker.ready;
  const key = Uint8Array.from(atob(public_key.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));
  const options = { userVisibleOnly: true, applicationServerKey: key };
  try {
    return await registration.pushManager.subscribe(options);
  } catch (error) {
    // One by the key of another station, or of this one before its registry was restored.
    const former = await registration.pushManager.getSubscription();
    if (former === null) throw error;
    await former.unsubscribe();
    return registration.pushManager.subscribe(options);
  }
}

export function storedPush(): KnownPush | null {
  try {
    return JSON.parse(localStorage.getItem(STORED) ?? "null") as KnownPush | null;
  } catch {
    return null;
  }
}

export function storePush(known: KnownPush | null): void {
  if (known === null) localStorage.removeItem(STORED);
  else localStorage.setItem(STORED, JSON.stringify(known));
}
