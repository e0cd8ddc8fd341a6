import { AppError } from '../../kit/app-error.ts'

/** `access.rate`, with the whole seconds for `Retry-After`. */
export class RateLimited extends AppError {
  readonly retryAfterSeconds: number

  constructor(waitMs: number) {
    const seconds = Math.max(1, Math.ceil(waitMs / 1000))
    super('access.rate', 'There were too many attempts.', { hint: `Wait ${seconds} s, then try again.`, retry: true })
    this.retryAfterSeconds = seconds
  }
}
