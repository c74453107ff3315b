// Cells of a pass: grids of numbers, rows from the south, as the API sends them for a map.

import type { CellHead } from "./records";

/** Outlines of these causes are drawn over the cells. */
const COVER_CAUSES = { not_covered: "skip", overlap: "overlap" } as const;
const HEADER_BYTES = 8;

type Grids = Readonly<{
  planned_ha: Float32Array;
  applied_ha: Float32Array;
  kind: Uint8Array;
  cause: Uint8Array;
  evidence: Uint8Array;
  place: Uint8Array;
}>;
type CodeName = keyof CellHead["names"];

/** The grids of a pass. A cell is its index, `row * columns + column`; a rate that is not known is NaN. */
export class CellGrid {
  readonly #outside: number;

  constructor(
    readonly head: CellHead,
    readonly grids: Grids,
  ) {
    this.#outside = head.names.place.indexOf("outside");
  }

  /** Read the answer of `/cells?format=safetensors`: a JSON header that tells where the bytes of each array are. */
  static read(answer: ArrayBuffer): CellGrid {
    const length = Number(new DataView(answer).getBigUint64(0, true));
    const header = JSON.parse(new TextDecoder().decode(new Uint8Array(answer, HEADER_BYTES, length)));
    const start = HEADER_BYTES + length;
    const array = (name: string): Float32Array | Uint8Array => {
      const { dtype, data_offsets: offsets } = header[name] as { dtype: string; data_offsets: [number, number] };
      const bytes = offsets[1] - offsets[0];
      return dtype === "F32"
        ? new Float32Array(answer, start + offsets[0], bytes / Float32Array.BYTES_PER_ELEMENT)
        : new Uint8Array(answer, start + offsets[0], bytes);
    };
    const names = ["planned_ha", "applied_ha", "kind", "cause", "evidence", "place"];
    const head = JSON.parse(header.__metadata__.head) as CellHead;
    return new CellGrid(head, Object.fromEntries(names.map((name) => [name, array(name)])) as unknown as Grids);
  }

  /** Whether a cell is on the field, or was treated outside it. */
  isDrawn(cell: number): boolean {
    return this.grids.place[cell] !== this.#outside || this.grids.evidence[cell] !== 0;
  }

  /** Return the cell at a position, null where there is none. */
  cellAt(longitudeDeg: number, latitudeDeg: number): number | null {
    const { rows, columns, west_deg: west, south_deg: south, east_step_deg: east, north_step_deg: north } = this.head;
    const [row, column] = [Math.floor((latitudeDeg - south) / north), Math.floor((longitudeDeg - west) / east)];
    if (row < 0 || row >= rows || column < 0 || column >= columns) return null;
    const cell = row * columns + column;
    return this.isDrawn(cell) ? cell : null;
  }

  /** Return the name of a cell's code; null for none. */
  nameOf(code: CodeName, cell: number): string | null {
    const number = this.grids[code][cell] ?? 0;
    return number === 0 && code !== "place" ? null : (this.head.names[code][number] ?? null);
  }

  /** Return the rate that the scale of colours ends with: the largest planned, or applied up to twice the planned. */
  maxRate(): number {
    const { planned_ha: planned, applied_ha: applied } = this.grids;
    let most = 1e-9;
    for (let cell = 0; cell < planned.length; cell += 1) {
      const plan = planned[cell] as number;
      const rate = applied[cell] as number;
      // NaN is larger than nothing.
      if (plan > most) most = plan;
      if (rate > most && this.isDrawn(cell)) most = rate > 2 * plan ? Math.max(most, 2 * plan) : rate;
    }
    return most;
  }

  /** Return the edges of the ground that no swath covered, and of that which more than one did, as lines. */
  coverLines(): GeoJSON.FeatureCollection {
    const features = Object.entries(COVER_CAUSES).map(([cause, kind]) => ({
      type: "Feature" as const,
      properties: { kind },
      geometry: { type: "MultiLineString" as const, coordinates: this.#edges(this.head.names.cause.indexOf(cause)) },
    }));
    return { type: "FeatureCollection", features };
  }

  /** Return the lines between cells with a cause and cells without, each as long as it is straight. */
  #edges(code: number): [number, number][][] {
    const { rows, columns, west_deg: west, south_deg: south, east_step_deg: east, north_step_deg: north } = this.head;
    const { cause } = this.grids;
    const has = (row: number, column: number): boolean =>
      row >= 0 && row < rows && column >= 0 && column < columns && cause[row * columns + column] === code;
    const lines: [number, number][][] = [];
    const walk = (
      across: number,
      along: number,
      differs: (a: number, b: number) => boolean,
      at: (a: number, b: number) => [number, number],
    ) => {
      for (let a = 0; a <= across; a += 1)
        for (let b = 0, start = -1; b <= along; b += 1) {
          const isEdge = b < along && differs(a, b);
          if (isEdge && start < 0) start = b;
          if (isEdge || start < 0) continue;
          lines.push([at(a, start), at(a, b)]);
          start = -1;
        }
    };
    walk(
      rows,
      columns,
      (row, column) => has(row - 1, column) !== has(row, column),
      (row, column) => [west + column * east, south + row * north],
    );
    walk(
      columns,
      rows,
      (column, row) => has(row, column - 1) !== has(row, column),
      (column, row) => [west + column * east, south + row * north],
    );
    return lines;
  }
}
