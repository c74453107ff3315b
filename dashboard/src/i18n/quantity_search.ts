// Search of a quantity by what people type: its English name, its Chinese name or the name of its channel, in any order of words.

import { findQuantity } from "./quantities";

export function fitsQuantity(name: string, typed: string): boolean {
  const known = findQuantity(name)?.labels;
  const text = `${known?.en ?? ""} ${known?.zh ?? ""} ${name} ${name.replaceAll("_", " ")}`.toLowerCase();
  return typed
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}
