// Words of the page `settings`. Keys begin with `settings_`.

export const en = {} as const;

export const zh: Record<keyof typeof en, string> = {};
