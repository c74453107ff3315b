// Check of the proof in this page, without a network: as `headland verify` without a key.
(() => {
  const place = document.getElementById("check");
  if (!place) return;
  const words = JSON.parse(place.dataset.words);
  const bytes = (text) => new TextEncoder().encode(text);
  const decode = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const hex = (raw) => Array.from(raw, (value) => value.toString(16).padStart(2, "0")).join("");
  const same = (one, other) => hex(one) === hex(other);
  const join = (...parts) => {
    const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of parts) {
      whole.set(part, at);
      at += part.length;
    }
    return whole;
  };

  // SHA-256 (FIPS 180-4), because a page without TLS has no crypto.subtle.
  const primes = [];
  for (let number = 2; primes.length < 64; number++) {
    if (primes.every((prime) => number % prime)) primes.push(number);
  }
  const fraction = (value) => ((value - Math.floor(value)) * 0x100000000) | 0;
  const rounds = primes.map((prime) => fraction(Math.cbrt(prime)));
  const turn = (value, count) => (value >>> count) | (value << (32 - count));
  function sha256(raw) {
    const state = primes.slice(0, 8).map((prime) => fraction(Math.sqrt(prime)));
    const padded = new Uint8Array((((raw.length + 8) >> 6) + 1) << 6);
    padded.set(raw);
    padded[raw.length] = 0x80;
    const view = new DataView(padded.buffer);
    view.setUint32(padded.length - 8, Math.floor(raw.length / 0x20000000));
    view.setUint32(padded.length - 4, raw.length << 3);
    const w = new Int32Array(64);
    for (let start = 0; start < padded.length; start += 64) {
      for (let i = 0; i < 16; i++) w[i] = view.getInt32(start + 4 * i);
      for (let i = 16; i < 64; i++) {
        const a = turn(w[i - 15], 7) ^ turn(w[i - 15], 18) ^ (w[i - 15] >>> 3);
        const b = turn(w[i - 2], 17) ^ turn(w[i - 2], 19) ^ (w[i - 2] >>> 10);
        w[i] = (w[i - 16] + a + w[i - 7] + b) | 0;
      }
      let [a, b, c, d, e, f, g, h] = state;
      for (let i = 0; i < 64; i++) {
        const high = turn(e, 6) ^ turn(e, 11) ^ turn(e, 25);
        const one = (h + high + ((e & f) ^ (~e & g)) + rounds[i] + w[i]) | 0;
        const low = turn(a, 2) ^ turn(a, 13) ^ turn(a, 22);
        const two = (low + ((a & b) ^ (a & c) ^ (b & c))) | 0;
        [h, g, f, e, d, c, b, a] = [g, f, e, (d + one) | 0, c, b, a, (one + two) | 0];
      }
      [a, b, c, d, e, f, g, h].forEach((value, i) => {
        state[i] = (state[i] + value) | 0;
      });
    }
    const result = new Uint8Array(32);
    state.forEach((value, i) => new DataView(result.buffer).setInt32(4 * i, value));
    return result;
  }
  const node = (left, right) => sha256(join([1], left, right));

  // RFC 9162, 2.1.3.2.
  function isIncluded(proof, size, root) {
    const body = hex(sha256(bytes(proof.body)));
    let found = sha256(join([0], bytes(JSON.stringify([proof.kind, body, proof.entry_sha256]))));
    let at = proof.index;
    let last = size - 1;
    if (!(at >= 0 && at < size)) return false;
    for (const text of proof.inclusion) {
      const sibling = decode(text);
      if (last === 0 || sibling.length !== 32) return false;
      if (at % 2 || at === last) {
        found = node(sibling, found);
        while (at % 2 === 0 && at) {
          at = Math.floor(at / 2);
          last = Math.floor(last / 2);
        }
      } else {
        found = node(found, sibling);
      }
      at = Math.floor(at / 2);
      last = Math.floor(last / 2);
    }
    return last === 0 && same(found, root);
  }

  // True, false, or null where this browser cannot verify Ed25519 here.
  async function isSigned(note, words) {
    const cut = note.indexOf("\n\n");
    const body = note.slice(0, cut + 1);
    const origin = body.split("\n")[0];
    for (const word of words) {
      const [name, keyHash, ...rest] = word.split("+");
      const packed = decode(rest.join("+"));
      const named = sha256(join(bytes(`${name}\n`), packed)).slice(0, 4);
      if (packed[0] !== 1 || name !== origin || hex(named) !== keyHash) continue;
      for (const line of note.slice(cut + 2).split("\n")) {
        const [dash, signer, text] = line.split(" ");
        if (dash !== "—" || signer !== name) continue;
        const raw = decode(text);
        if (!same(raw.slice(0, 4), named)) continue;
        if (!globalThis.crypto?.subtle) return null;
        try {
          const key = await crypto.subtle.importKey("raw", packed.slice(1), "Ed25519", false, ["verify"]);
          if (await crypto.subtle.verify("Ed25519", key, raw.slice(4), bytes(body))) return true;
        } catch (error) {
          if (error.name === "NotSupportedError") return null;
          throw error;
        }
      }
    }
    return false;
  }

  async function check() {
    const proof = JSON.parse(document.getElementById("proof").textContent);
    const [, size, root] = proof.checkpoint.split("\n");
    const text = hex(sha256(bytes(proof.text))) === JSON.parse(proof.body).sha256;
    const included = proof.kind === "release" && isIncluded(proof, Number(size), decode(root));
    const signed = await isSigned(proof.checkpoint, proof.keys);
    return { failed: !text || !included || signed === false, signed };
  }

  const button = document.createElement("button");
  button.type = "button";
  button.textContent = words.check;
  const result = document.createElement("p");
  result.setAttribute("role", "status");
  button.addEventListener("click", async () => {
    let told;
    try {
      const { failed, signed } = await check();
      told = failed ? words.failed : signed === null ? words.unsigned : words.own_key;
      // By the page's own key there is no "ok", as in `verdict_of`.
      result.className = failed ? "bad" : "open";
    } catch {
      told = words.failed;
      result.className = "bad";
    }
    result.textContent = told;
  });
  place.append(button, result);
})();
