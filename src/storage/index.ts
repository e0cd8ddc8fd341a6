export { openLocalStorage } from './local.ts'
export type { LocalStorage } from './local.ts'
export { MemoryStorage } from './memory.ts'
