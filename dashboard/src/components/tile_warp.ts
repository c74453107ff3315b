// Place of a tile of a shifted map (GCJ-02) under a tile of WGS84: which tiles of the source it needs, and the linear map between their pixels.
// The formula is that of headland/files/chinese_coordinates.py, forward; a test holds both together.

export const TILE_PX = 256;
/** Coarser tiles are drawn as they are: the shift is below a pixel of theirs. */
export const FIRST_SHIFTED_ZOOM = 8;

const AXIS_M = 6_378_245.0;
const ECCENTRICITY_2 = 0.006693421622965943;
const RADIANS = Math.PI / 180;

/** What a tile of the map is drawn of: `columns` and `rows` of tiles of the source from the first one on, and the matrix from their pixels to the tile's, as a canvas takes it. */
export interface Placement {
  firstX: number;
  firstY: number;
  columns: number;
  rows: number;
  matrix: [number, number, number, number, number, number];
}

function waves(at: number, ...parts: [number, number][]): number {
  return parts.reduce((sum, [height, turns]) => sum + height * Math.sin(at * Math.PI * turns), 0);
}

/** Return longitude and latitude [deg] in GCJ-02 of a place in WGS84; outside of the box around China they are the same. */
export function gcj02Of(longitudeDeg: number, latitudeDeg: number): [number, number] {
  if (longitudeDeg < 72.004 || longitudeDeg > 137.8347 || latitudeDeg < 0.8293 || latitudeDeg > 55.8271) return [longitudeDeg, latitudeDeg];
  const [x, y] = [longitudeDeg - 105, latitudeDeg - 35];
  const root = Math.sqrt(Math.abs(x));
  const short = waves(x, [20, 6], [20, 2]);
  const northM =
    -100 +
    2 * x +
    3 * y +
    0.2 * y * y +
    0.1 * x * y +
    0.2 * root +
    (2 / 3) * (short + waves(y, [20, 1], [40, 1 / 3], [160, 1 / 12], [320, 1 / 30]));
  const eastM =
    300 +
    x +
    2 * y +
    0.1 * x * x +
    0.1 * x * y +
    0.1 * root +
    (2 / 3) * (short + waves(x, [20, 1], [40, 1 / 3], [150, 1 / 12], [300, 1 / 30]));
  const bulge = 1 - ECCENTRICITY_2 * Math.sin(latitudeDeg * RADIANS) ** 2;
  const meridianM = (AXIS_M * (1 - ECCENTRICITY_2)) / bulge ** 1.5;
  const parallelM = (AXIS_M / Math.sqrt(bulge)) * Math.cos(latitudeDeg * RADIANS);
  return [longitudeDeg + eastM / parallelM / RADIANS, latitudeDeg + northM / meridianM / RADIANS];
}

/** Return the pixel of the source, of all of its world at a zoom, that shows the place of a pixel of the map. */
function sourcePixel(z: number, xPx: number, yPx: number): [number, number] {
  const worldPx = TILE_PX * 2 ** z;
  const longitudeDeg = (xPx / worldPx) * 360 - 180;
  const latitudeDeg = Math.atan(Math.sinh(Math.PI * (1 - (2 * yPx) / worldPx))) / RADIANS;
  const [longitude, latitude] = gcj02Of(longitudeDeg, latitudeDeg);
  const sine = Math.sin(latitude * RADIANS);
  return [((longitude + 180) / 360) * worldPx, (0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI)) * worldPx];
}

/** Return the placement of a tile: the best linear map over nine of its places. */
export function placementOf(z: number, x: number, y: number): Placement {
  if (z < FIRST_SHIFTED_ZOOM) return { firstX: x, firstY: y, columns: 1, rows: 1, matrix: [1, 0, 0, 1, 0, 0] };
  const half = TILE_PX / 2;
  const [middleX, middleY] = [(x + 0.5) * TILE_PX, (y + 0.5) * TILE_PX];
  const sum = [0, 0, 0, 0, 0, 0];
  const [us, vs]: [number[], number[]] = [[], []];
  for (const east of [-1, 0, 1])
    for (const south of [-1, 0, 1]) {
      const [u, v] = sourcePixel(z, middleX + east * half, middleY + south * half);
      us.push(u);
      vs.push(v);
      for (const [index, part] of [u / 9, v / 9, (u * east) / 6, (v * east) / 6, (u * south) / 6, (v * south) / 6].entries())
        sum[index] = (sum[index] ?? 0) + part;
    }
  const [u0 = 0, v0 = 0, uEast = 0, vEast = 0, uSouth = 0, vSouth = 0] = sum;
  const tile = (px: number): number => Math.floor(px / TILE_PX);
  // A pixel more on each side: the picture is drawn smoothed.
  const [firstX, firstY] = [tile(Math.min(...us) - 1), tile(Math.min(...vs) - 1)];
  const [columns, rows] = [tile(Math.max(...us) + 1) - firstX + 1, tile(Math.max(...vs) + 1) - firstY + 1];
  // Pixels of the tile from its middle: the inverse of the linear map.
  const [a, b, c, d] = [uEast / half, vEast / half, uSouth / half, vSouth / half];
  const size = a * d - b * c;
  const matrix: Placement["matrix"] = [d / size, -b / size, -c / size, a / size, 0, 0];
  const [du, dv] = [u0 - firstX * TILE_PX, v0 - firstY * TILE_PX];
  matrix[4] = half - (matrix[0] * du + matrix[2] * dv);
  matrix[5] = half - (matrix[1] * du + matrix[3] * dv);
  return { firstX, firstY, columns, rows, matrix };
}
