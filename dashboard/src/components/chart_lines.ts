// What a chart draws: lines, and what is drawn behind them.

export interface Line {
  name: string;
  unit: string;
  /** A CSS variable of the page, such as `--warm`. */
  colour: string;
  /** null: no sample of this line at this instant, as where lines have different times; NaN: a gap, which is never joined. */
  values: ArrayLike<number | null>;
  /** Lines of one scale share an axis; the default is the unit. */
  scale?: string;
  dashed?: boolean;
  /** A limit, such as a target: it is told by its range, never as something that was measured last. */
  isLimit?: boolean;
  /** Amounts: each is a bar from its time to the end that stands here. */
  endsMs?: ReadonlyMap<number, number>;
}

/** A range of values that is shaded, such as the target band of a crop stage. */
export interface Band {
  name: string;
  scale: string;
  low: number;
  high: number;
  colour: string;
}

/** A limit that is drawn as a line with its name, such as the threshold of an alarm rule. */
export interface Threshold {
  scale: string;
  value: number;
  name: string;
  colour: string;
}

/** The space between two lines that is shaded, such as the range of a forecast; both by their place among the lines. */
export interface Range {
  name: string;
  low: number;
  high: number;
  colour: string;
}

/** A mark that an overlay draws, for the legend. */
export interface Mark {
  name: string;
  colour: string;
}
