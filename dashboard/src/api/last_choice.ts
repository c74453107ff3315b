// The last choice of a view: it ends the requests of those before, and a late answer of theirs is not drawn.

/** Of choices that follow one another faster than this, such as the steps of a slider, the first and the last are asked for. */
export const CALM_MS = 250;

/** One choice: its `signal` is aborted once another is made or the page is left. */
export interface Choice {
  readonly signal: AbortSignal;
  /** Return what a promise gives; where another choice was made meanwhile it throws, even if the promise knows no signal. */
  of: <T>(answer: Promise<T>) => Promise<T>;
}

/** The choices of one part of a view. `left` is aborted when the page is left. */
export class LastChoice {
  readonly #left: AbortSignal | null;
  #current = new AbortController();
  #madeMs = Number.NEGATIVE_INFINITY;

  constructor(left: AbortSignal | null) {
    this.#left = left;
  }

  /** Run a task for a choice that ends those before; null where another was made meanwhile. Throws what the task throws. */
  async run<T>(task: (choice: Choice) => Promise<T>): Promise<T | null> {
    this.#current.abort();
    this.#current = new AbortController();
    const signal = this.#left === null ? this.#current.signal : AbortSignal.any([this.#left, this.#current.signal]);
    const of = async <A>(answer: Promise<A>): Promise<A> => {
      const value = await answer;
      signal.throwIfAborted();
      return value;
    };
    const isFast = performance.now() - this.#madeMs < CALM_MS;
    this.#madeMs = performance.now();
    try {
      if (isFast) await of(new Promise((resolve) => setTimeout(resolve, CALM_MS)));
      signal.throwIfAborted();
      return await of(task({ signal, of }));
    } catch (error) {
      if (signal.aborted) return null;
      throw error;
    }
  }

  /** End the choice without another. */
  end(): void {
    this.#current.abort();
  }
}
