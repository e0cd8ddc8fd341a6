import type { Secret } from '../kit/secret.ts'
import type { SecretRef } from './secret-ref.ts'

/** Gets the secret that a reference means, only now. @throws AppError `config.secret`, `config.unsafe`, `interrupted`. */
export type SecretReader = (reference: SecretRef, signal: AbortSignal) => Promise<Secret>
