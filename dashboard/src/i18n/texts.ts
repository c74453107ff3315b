// Form of the catalogues: each key has its English and its Chinese text.

export type Texts = Readonly<Record<string, readonly [english: string, chinese: string]>>;
