// Areas and lengths on the WGS84 ellipsoid: what is measured on a map and what the API says of a field are one figure.

export type Position = [longitudeDeg: number, latitudeDeg: number];

const AXIS_M = 6_378_137;
const FLATTENING = 1 / 298.257_223_563;
const E2 = FLATTENING * (2 - FLATTENING);
const E = Math.sqrt(E2);
const RADIANS = Math.PI / 180;

/** Return the area within a ring of corners [m²], as the API computes it: in an equal-area projection. */
export function ringArea(ring: readonly Position[]): number {
  const spots = ring.map(([longitude, latitude]) => {
    const sine = Math.sin(latitude * RADIANS);
    // Snyder 1987, USGS Professional Paper 1395, equation 3-12.
    const q = (1 - E2) * (sine / (1 - E2 * sine * sine) - Math.log((1 - E * sine) / (1 + E * sine)) / (2 * E));
    return [AXIS_M * longitude * RADIANS, (AXIS_M * q) / 2] as const;
  });
  const [first = [0, 0]] = spots;
  let sum = 0;
  for (const [index, [x, y]] of spots.entries()) {
    const [nextX, nextY] = spots[(index + 1) % spots.length] ?? first;
    // From the first corner: differences of large numbers lose digits.
    sum += (x - first[0]) * (nextY - first[1]) - (nextX - first[0]) * (y - first[1]);
  }
  return Math.abs(sum) / 2;
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
