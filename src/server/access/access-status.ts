import type { ErrorCode } from '../../kit/error-codes.ts'

/** The HTTP status of each error of this room. */
export const accessStatus = {
  'access.required': 401,
  'access.wrong': 401,
  'access.totp': 401,
  'access.denied': 403,
  'access.step-up': 403,
  'access.setup': 403,
  'access.unknown': 404,
  'access.exists': 409,
  'access.last-admin': 409,
  'access.rate': 429,
} as const satisfies Partial<Record<ErrorCode, number>>
