// Words of the page `health`. Keys begin with `health_`.

export const en = {} as const;

export const zh: Record<keyof typeof en, string> = {};
