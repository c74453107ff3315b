// Whether the page is being made ready for paper: what is behind a heading opens meanwhile, and the address stays.

import { signal } from "@preact/signals";

export const printing = signal(false);
