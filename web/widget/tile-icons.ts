const space = 'http://www.w3.org/2000/svg'

/** Lines on a field of 24 by 24. */
const icons = {
  local: 'M5 4h14l2 10v5a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1v-5zM3 14h18M7 17h.01M11 17h.01',
  network: 'M9 3h6v5H9zM3 16h6v5H3zM15 16h6v5h-6zM12 8v4M6 16v-4h12v4',
  cloud: 'M7 19a5 5 0 0 1-.6-9.96A6 6 0 0 1 18 9.2 5 5 0 0 1 17.5 19z',
  shield: 'M12 2.5 4.5 5.5v6c0 4.6 3.1 8.2 7.5 10 4.4-1.8 7.5-5.4 7.5-10v-6z',
  ok: 'M5 12.5 10 17.5 19 7',
  warning: 'M12 5v8M12 18.5v.01',
  failed: 'M6.5 6.5l11 11M17.5 6.5l-11 11',
  off: 'M6 12h12',
  shieldOk: 'M8.5 12l2.6 2.6 4.6-5.2',
  shieldWarning: 'M12 8v4.6M12 15.9v.01',
  shieldFailed: 'M9.6 9.6l4.8 4.8M14.4 9.6l-4.8 4.8',
  shieldOff: 'M9 12h6',
  alert: 'M12 3.5 2.5 20h19zM12 10v4M12 17v.01',
} as const
export type Icon = keyof typeof icons

/** A picture of these icons on one another; for the eye alone. */
export function icon(...names: readonly Icon[]): SVGElement {
  const svg = document.createElementNS(space, 'svg')
  for (const [name, value] of [['viewBox', '0 0 24 24'], ['fill', 'none'], ['stroke', 'currentColor'], ['stroke-width', '2'], ['stroke-linecap', 'round'], ['stroke-linejoin', 'round'], ['aria-hidden', 'true']] as const) svg.setAttribute(name, value)
  for (const name of names) {
    const path = document.createElementNS(space, 'path')
    path.setAttribute('d', icons[name])
    svg.append(path)
  }
  return svg
}
