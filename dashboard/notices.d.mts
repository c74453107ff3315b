import type { Plugin } from "vite";

export const NAME: string;
export function writeNotices(folder?: string): string;
export const notices: Plugin;
