// Words of the page `farm`. Keys begin with `farm_`.

export const en = {} as const;

export const zh: Record<keyof typeof en, string> = {};
