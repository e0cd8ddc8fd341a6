import { editDistance } from './nearest-name.ts'

/** True for a key whose value may be a secret, whatever the schema says: `password`, `pasword`, `api_token`, `secretKey`. */
export function namesSecret(key: string): boolean {
  const plain = key.toLowerCase().replace(/[^a-z]/g, '')
  return /pass|pwd|secret|token|credential|private|auth|apikey|key$/.test(plain) || editDistance(plain, 'password') <= 3
}
