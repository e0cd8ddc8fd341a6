import type { ReactElement } from 'react'

/** The mark: a stem and what it holds on with. */
export function Brand({ size = 26 }: { readonly size?: number }): ReactElement {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="8" fill="#126b60" />
      <path d="M16 6v11M16 17c0 4-3 5-7 8M16 17c0 4 3 5 7 8M16 17v9M11 10c2 0 4 1 5 3M21 10c-2 0-4 1-5 3" fill="none" stroke="#fff" strokeWidth="2.4" strokeLinecap="round" />
    </svg>
  )
}
