// Words of the page `greenhouse`. Keys begin with `greenhouse_`.

export const en = {} as const;

export const zh: Record<keyof typeof en, string> = {};
