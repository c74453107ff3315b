// Colours of treatment zones by their rate: alike on the map, in tables and while zones are drawn.

/** From the lowest rate to the highest (ColorBrewer YlGn). */
const RAMP = ["#ffffcc", "#d9f0a3", "#addd8e", "#78c679", "#41ab5d", "#238443", "#006837", "#004529"];
const MIDDLE = "#78c679";
/** A zone that gets nothing, or has no rate yet. */
const NO_RATE = "#b5b5b5";

/** Return a colour for each rate; equal rates have one colour, and 0 and null are grey. */
export function rateColours(rates: readonly (number | null)[]): string[] {
  const given = rates.filter((rate): rate is number => rate !== null && rate > 0);
  const [least, most] = [Math.min(...given), Math.max(...given)];
  return rates.map((rate) => {
    if (rate === null || rate <= 0) return NO_RATE;
    if (most === least) return MIDDLE;
    return RAMP[Math.round(((rate - least) / (most - least)) * (RAMP.length - 1))] ?? MIDDLE;
  });
}
