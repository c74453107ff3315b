// Records of the settings page, by the routes that answer them.

import type { ListItem } from "../api/client";

export type Greenhouse = ListItem<"/v1/greenhouses">;
export type Zone = ListItem<"/v1/greenhouse-zones">;
export type Site = ListItem<"/v1/sites">;
export type Key = ListItem<"/v1/keys">;
export type Member = ListItem<"/v1/members">;
