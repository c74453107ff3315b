// What the bar above every page says of the farm: its name, its clock, and that its data are simulated.

import { signal, type ReadonlySignal } from "@preact/signals";

const name = signal<string | null>(null);
const isSimulated = signal(false);

/** The name of the farm as an answer told it last; null before the first one. */
export const farmName: ReadonlySignal<string | null> = name;

/** Whether any data of the farm are simulated. */
export const isFarmSimulated: ReadonlySignal<boolean> = isSimulated;

export function tellFarmName(known: string | null): void {
  name.value = known;
}

export function tellSimulated(known: boolean): void {
  isSimulated.value = known;
}
