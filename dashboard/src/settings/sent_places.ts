// Places of sites as a provider of forecasts is told them: rounded, each once.

export interface Place {
  latitude_deg?: number | null;
  longitude_deg?: number | null;
}

/** Return the places of active sites, of their farms where a site has none, rounded to decimals of a degree and each once. */
export function sentPlaces(
  sites: readonly (Place & { farm: string; active?: boolean })[],
  farms: readonly (Place & { id?: string })[],
  decimals: number,
): string[] {
  const places = sites
    .filter(({ active }) => active !== false)
    .map((site) => [site, farms.find(({ id }) => id === site.farm)].find((each) => hasPlace(each)))
    .filter((each) => hasPlace(each))
    .map(({ latitude_deg, longitude_deg }) => placeText(latitude_deg, longitude_deg, decimals));
  return [...new Set(places)];
}

/** Return a place as text: latitude and longitude with so many decimals. */
export function placeText(latitudeDeg: number, longitudeDeg: number, decimals: number): string {
  return `${degrees(latitudeDeg, decimals)}°, ${degrees(longitudeDeg, decimals)}°`;
}

/** Return the side of the square within which a rounded place may be [m]: a degree of latitude is 111 km. */
export function roundingM(decimals: number): number {
  return 111_000 * 10 ** -decimals;
}

function degrees(value: number, decimals: number): string {
  // Twice: -0.001 is "-0.00" at first.
  return Number(value.toFixed(decimals)).toFixed(decimals);
}

function hasPlace(each: Place | undefined): each is { latitude_deg: number; longitude_deg: number } {
  return each !== undefined && typeof each.latitude_deg === "number" && typeof each.longitude_deg === "number";
}
