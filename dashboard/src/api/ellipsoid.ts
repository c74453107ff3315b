// Areas and lengths on the WGS84 ellipsoid: what is measured on a map and what the API says of a field are one figure.

export type Position = [longitudeDeg: number, latitudeDeg: number];

const AXIS_M = 6_378_137;
const FLATTENING = 1 / 298.257_223_563;
const E2 = FLATTENING * (2 - FLATTENING);
const E = Math.sqrt(E2);
const RADIANS = Math.PI / 180;
const POLE = authalic(1);

/** Return the area within a ring of corners [m²], sides being geodesics, as `area_of` of the API does. */
export function ringArea(ring: readonly Position[]): number {
  // Half of the authalic latitude as a tangent (Snyder 1987, USGS Professional Paper 1395, equations 3-11 and 3-12).
  const halves = ring.map(([, latitude]) => {
    const sine = Math.min(1, Math.max(-1, authalic(Math.sin(latitude * RADIANS)) / POLE));
    return sine / (1 + Math.sqrt((1 - sine) * (1 + sine)));
  });
  let sum = 0;
  for (const [index, [longitude]] of ring.entries()) {
    const next = (index + 1) % ring.length;
    const [half, nextHalf] = [halves[index] ?? 0, halves[next] ?? 0];
    const step = ((ring[next]?.[0] ?? longitude) - longitude) * RADIANS;
    // The spherical excess between a side and the equator.
    sum += Math.atan((Math.tan(step / 2) * (half + nextHalf)) / (1 + half * nextHalf));
  }
  return Math.abs(sum) * AXIS_M * AXIS_M * POLE;
}

function authalic(sine: number): number {
  return (1 - E2) * (sine / (1 - E2 * sine * sine) - Math.log((1 - E * sine) / (1 + E * sine)) / (2 * E));
}

/** Return the length of a line over points [m], each step by the radii of curvature at its middle (Snyder 1987, equations 4-18 and 4-20). */
export function lineLength(line: readonly Position[]): number {
  return line.slice(1).reduce((sum, [x, y], index) => {
    const [fromX, fromY] = line[index] as Position;
    const middle = ((fromY + y) / 2) * RADIANS;
    const root = Math.sqrt(1 - E2 * Math.sin(middle) ** 2);
    const [meridian, vertical] = [(AXIS_M * (1 - E2)) / root ** 3, AXIS_M / root];
    return sum + RADIANS * Math.hypot((x - fromX) * vertical * Math.cos(middle), (y - fromY) * meridian);
  }, 0);
}
