import { z } from 'zod'
import type { ForeignKind } from './foreign-kind.ts'

const about = 'backup.json'
const aboutSchema = z.object({ slug: z.string(), date: z.string(), name: z.string().optional(), type: z.enum(['full', 'partial']), protected: z.boolean().default(false) })

/** Home Assistant: a tar with `backup.json` and one inner tar (SecureTar without a password) for each part, which becomes a folder of that name. */
export const homeAssistant: ForeignKind = {
  name: 'home-assistant',
  preset: 'home-assistant',
  title: 'Home Assistant backup',
  marks: [about],
  texts: [about],
  isDump: () => false,
  recognise({ packing, texts, modifiedAt }) {
    const text = texts.get(about)
    if (packing !== 'tar' || text === undefined) return undefined
    const parsed = aboutSchema.safeParse(jsonOf(text))
    if (!parsed.success) return undefined
    const madeAt = new Date(parsed.data.date)
    return { app: 'home-assistant', madeAt: Number.isNaN(madeAt.getTime()) ? modifiedAt : madeAt, scope: parsed.data.type }
  },
  exclude: [],
  notInPlace: 'Restore it into an empty folder with --target; what belongs into the configuration folder then lies in homeassistant/data.',
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
