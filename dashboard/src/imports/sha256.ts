// SHA-256 in pieces: the browser's own is there on secure pages only, and takes a file at once.

const K = new Uint32Array(64);
const START = new Uint32Array(8);

// The fractional parts of the cube and square roots of the first primes (FIPS 180-4, sections 4.2.2 and 5.3.3).
for (let candidate = 2, found = 0; found < 64; candidate += 1) {
  let prime = true;
  for (let divisor = 2; divisor * divisor <= candidate; divisor += 1) if (candidate % divisor === 0) prime = false;
  if (!prime) continue;
  K[found] = Math.floor((candidate ** (1 / 3) % 1) * 2 ** 32);
  if (found < 8) START[found] = Math.floor((Math.sqrt(candidate) % 1) * 2 ** 32);
  found += 1;
}

/** Digest of bytes that come in pieces. */
export class Sha256 {
  readonly #state = START.slice();
  readonly #words = new Uint32Array(64);
  readonly #rest = new Uint8Array(64);
  #held = 0;
  #bytes = 0;

  add(piece: Uint8Array): void {
    this.#bytes += piece.length;
    let at = 0;
    if (this.#held > 0) {
      at = Math.min(64 - this.#held, piece.length);
      this.#rest.set(piece.subarray(0, at), this.#held);
      this.#held += at;
      if (this.#held < 64) return;
      this.#block(this.#rest, 0);
      this.#held = 0;
    }
    for (; at + 64 <= piece.length; at += 64) this.#block(piece, at);
    this.#rest.set(piece.subarray(at));
    this.#held = piece.length - at;
  }

  /** Return the digest as hexadecimal digits; nothing can be added afterwards. */
  end(): string {
    const bits = this.#bytes * 8;
    const padding = new Uint8Array((this.#held < 56 ? 56 : 120) - this.#held + 8);
    padding[0] = 0x80;
    const length = new DataView(padding.buffer, padding.length - 8);
    length.setUint32(0, Math.floor(bits / 2 ** 32));
    length.setUint32(4, bits >>> 0);
    this.add(padding);
    return [...this.#state].map((word) => word.toString(16).padStart(8, "0")).join("");
  }

  #block(bytes: Uint8Array, from: number): void {
    const words = this.#words;
    for (let t = 0; t < 16; t += 1) {
      const at = from + 4 * t;
      words[t] =
        ((bytes[at] as number) << 24) | ((bytes[at + 1] as number) << 16) | ((bytes[at + 2] as number) << 8) | (bytes[at + 3] as number);
    }
    for (let t = 16; t < 64; t += 1) {
      const x = words[t - 15] as number;
      const y = words[t - 2] as number;
      const small0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
      const small1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
      words[t] = (words[t - 16] as number) + small0 + (words[t - 7] as number) + small1;
    }
    const state = this.#state;
    let [a, b, c, d, e, f, g, h] = state as unknown as [number, number, number, number, number, number, number, number];
    for (let t = 0; t < 64; t += 1) {
      const big1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
      const first = (h + big1 + ((e & f) ^ (~e & g)) + (K[t] as number) + (words[t] as number)) | 0;
      const big0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
      const second = (big0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      h = g;
      g = f;
      f = e;
      e = (d + first) | 0;
      d = c;
      c = b;
      b = a;
      a = (first + second) | 0;
    }
    [a, b, c, d, e, f, g, h].forEach((value, place) => {
      state[place] = (state[place] as number) + value;
    });
  }
}
