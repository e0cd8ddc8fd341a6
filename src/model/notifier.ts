import type { Notice } from './notice.ts'

/** One way to tell people. */
export interface Notifier {
  /**
   * Resolves once the other side has accepted the notice.
   *
   * @throws AppError `report.failed`, `network.refused`, `network.failed`, `config.secret`, `config.unsafe`; none holds a secret.
   */
  send(notice: Notice, signal: AbortSignal): Promise<void>
}
