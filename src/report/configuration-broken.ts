import type { Overview, StatusReport } from '../model/api/overview.ts'

const words = 'The configuration cannot be used: backups fail until it is mended.'

/** Whether the configuration as it lies there cannot be used, by what the server says of itself. */
export function isConfigurationBroken(reporting: Overview['reporting']): boolean {
  return reporting.some(({ name, state }) => name === 'configuration' && state === 'failed')
}

/** The sentence of all applications; a configuration that cannot be used takes nothing from what lies there, and is told after it. */
export function sentenceWith(sentence: string, isBroken: boolean): string {
  return isBroken ? `${sentence} ${words}` : sentence
}

export function reportWith(report: StatusReport, isBroken: boolean): StatusReport {
  return isBroken ? { ...report, state: 'failed', sentence: sentenceWith(report.sentence, true) } : report
}
