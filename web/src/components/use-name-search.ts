import { useEffect, useRef } from 'react'
import type { TreePlace } from '../format/tree-rows.ts'

/** Letters that follow each other within this time are one begin of a name. */
const typingMs = 800
/** Who types fast asks once and not at each letter. */
const restMs = 120

/** Gathers letters into the begin of a name and has it looked for; only the last answer counts. One letter alone, or again, goes on to the next name. */
export function useNameSearch(search: (text: string, goesOn: boolean) => Promise<TreePlace | undefined>, onFound: (place: TreePlace) => void): { readonly type: (letter: string) => void; readonly isTyping: () => boolean } {
  const typed = useRef({ text: '', atMs: 0 })
  // The rows may have changed until the answer comes.
  const found = useRef(onFound)
  useEffect(() => {
    found.current = onFound
  })
  const isTyping = (): boolean => Date.now() - typed.current.atMs < typingMs
  return {
    isTyping,
    type: (letter) => {
      const before = isTyping() ? typed.current.text : ''
      const mine = { text: before === letter ? letter : before + letter, atMs: Date.now() }
      typed.current = mine
      setTimeout(() => {
        // Where it cannot be told, nothing moves.
        if (typed.current === mine) void search(mine.text, mine.text === letter).then((place) => place !== undefined && typed.current === mine && found.current(place), () => undefined)
      }, restMs)
    },
  }
}
