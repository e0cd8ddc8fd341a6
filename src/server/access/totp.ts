import { Secret, TOTP } from 'otpauth'

const periodSeconds = 30

/** A new secret of 160 bits, as RFC 4226 (section 4) recommends, in base 32. */
export function newTotpSecret(): string {
  return new Secret({ size: 20 }).base32
}

/** The address behind the QR code that an authenticator reads. */
export function totpUri(secret: string, label: string): string {
  return authenticator(secret, label).toString()
}

/**
 * The time step whose code this is, or undefined. A clock may be one step wrong on either side (RFC 6238, section 5.2).
 * A code must not be accepted twice: the caller keeps the step, and refuses any that is not newer.
 */
export function totpStep(secret: string, code: string, nowMs: number): number | undefined {
  const totp = authenticator(secret, '')
  const delta = totp.validate({ token: code, timestamp: nowMs, window: 1 })
  return delta === null ? undefined : totp.counter({ timestamp: nowMs }) + delta
}

function authenticator(secret: string, label: string): TOTP {
  return new TOTP({ issuer: 'Holdfast', label, algorithm: 'SHA1', digits: 6, period: periodSeconds, secret: Secret.fromBase32(secret) })
}
