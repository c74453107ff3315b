// Colours of treatment zones by their rate: alike on the map, in tables and while zones are drawn.

import palette from "../../../headland/contract/palette.json";
import { channels } from "../components/colours";

/** A zone without a known one. */
export const NO_VALUE = palette.no_value;
const MIDDLE = 0.5;

/** Return the colour of a share of the largest rate, 0 to 1, between the stops of the palette. */
export function rateColour(share: number): string {
  const stops = palette.rate;
  const place = share * (stops.length - 1);
  const lower = Math.min(Math.floor(place), stops.length - 2);
  const [from, to] = [channels(stops[lower] as string), channels(stops[lower + 1] as string)];
  const mixed = from.map((value, index) => Math.round(value + ((to[index] as number) - value) * (place - lower)));
  return `#${mixed.map((value) => value.toString(16).padStart(2, "0")).join("")}`;
}

/** Return a colour for each rate; equal rates have one colour, and 0 and null are grey. */
export function rateColours(rates: readonly (number | null)[]): string[] {
  const given = rates.filter((rate): rate is number => rate !== null && rate > 0);
  const [least, most] = [Math.min(...given), Math.max(...given)];
  return rates.map((rate) => {
    if (rate === null || rate <= 0) return palette.no_rate;
    if (most === least) return rateColour(MIDDLE);
    return rateColour((rate - least) / (most - least));
  });
}
