// Words of the page `alarms`. Keys begin with `alarms_`.

export const en = {} as const;

export const zh: Record<keyof typeof en, string> = {};
