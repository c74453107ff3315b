// Money: whole fen as yuan.

import { numberFormat } from "../i18n/formatters";

const FEN = 100;

export function yuanText(fen: number): string {
  return numberFormat({ style: "currency", currency: "CNY" }).format(fen / FEN);
}

/** Return an entered amount of yuan as whole fen. */
export function fenOf(yuan: number | null): number {
  return Math.round((yuan ?? 0) * FEN);
}
