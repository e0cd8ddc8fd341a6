import type { en } from './en.ts'

/** All texts of the page in one language: the keys of the English ones. */
export type Texts = Readonly<Record<keyof typeof en, string>>
