// Words of the page `field`. Keys begin with `field_`.

export const en = {} as const;

export const zh: Record<keyof typeof en, string> = {};
