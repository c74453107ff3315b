// Notes and what they are about.

import type { ListItem } from "../api/client";

export type Note = ListItem<"/v1/notes">;
/** What a note is about: one of these, by its id. */
export type Subject = { greenhouse: string } | { field: string } | { zone: string } | { site: string } | { alarm: string };

/** What of a note a list shows; a greenhouse's overview has no more. */
export type ShownNote = Pick<Note, "id" | "time_ms" | "author" | "text"> & Partial<Pick<Note, "photos" | "longitude_deg" | "latitude_deg">>;

export const MAX_PHOTOS = 6;
