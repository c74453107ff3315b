// A share of a field as people write it: the same as in an imported table.

const MOST_PARTS = 1_000_000;

/** Return a share as a fraction of whole numbers, an empty text as the whole; null for what is none. */
export function readShare(text: string): { parts: number; of_parts: number } | null {
  if (text === "") return { parts: 1, of_parts: 1 };
  const plain = text.replace("／", "/").replace("％", "%").replaceAll(" ", "");
  const fraction = /^(\d+)\/(\d+)$/.exec(plain);
  if (fraction !== null) return checked(Number(fraction[1]), Number(fraction[2]));
  const decimal = /^(\d*)(?:\.(\d{0,4}))?(%?)$/.exec(plain);
  if (decimal === null || plain.replace(/[.%]/g, "") === "") return null;
  const decimals = decimal[2] ?? "";
  return checked(Number(`${decimal[1] ?? ""}${decimals}`), 10 ** decimals.length * (decimal[3] === "%" ? 100 : 1));
}

function checked(parts: number, ofParts: number): { parts: number; of_parts: number } | null {
  return parts > 0 && parts <= ofParts && ofParts <= MOST_PARTS ? { parts, of_parts: ofParts } : null;
}
