import { AppError } from '../kit/app-error.ts'

const mostSuffixes = 1000

/** The first of `name`, `name-2`, `name-3`, … with the extension that is free. */
export async function freeKey(name: string, extension: string, isFree: (key: string) => Promise<boolean>): Promise<string> {
  for (let number = 1; number <= mostSuffixes; number++) {
    const key = `${name}${number === 1 ? '' : `-${number}`}${extension}`
    if (await isFree(key)) return key
  }
  throw new AppError('storage.exists', `${name}${extension} and ${mostSuffixes} further names are already there`, { hint: 'Choose another name for restore points.' })
}
