// The plan of a greenhouse: what each actuator is to do, hour by hour, and the forecast that it rests on.

import type { Body } from "../api/client";

export type Plan = Body<"/v1/greenhouses/{device}/plan">;
export type Lane = Plan["lanes"][number];
export type PlanOrder = Lane["orders"][number];
