// The question for the active alarms: the same everywhere, so that it is asked once.

export const ACTIVE = { query: { state: "active", limit: 500 } } as const;
