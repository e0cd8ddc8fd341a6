import type { Circle, Trouble } from '../../src/model/api/widget.ts'

/** Why there is no present answer. */
export type Problem = 'no-answer' | 'server-error' | 'invalid' | 'incomplete' | 'refused' | 'unknown-app' | 'no-app'

/** `no-end`: a run that was begun so long ago that it cannot be running any more. */
export type TileTrouble = Trouble | 'no-end'

export type Words = {
  readonly backupOf: (app: string) => string
  readonly loading: string
  readonly running: string
  readonly done: string
  readonly doneWithErrors: string
  readonly none: string
  readonly notFound: string
  readonly unknown: string
  readonly last: (date: string) => string
  readonly noLast: string
  readonly asOf: (age: string) => string
  readonly reaches: { readonly local: string; readonly network: string; readonly cloud: string }
  readonly circles: Readonly<Record<Circle, string>>
  readonly troubles: Readonly<Record<TileTrouble, string>>
  readonly problems: Readonly<Record<Problem, string>>
}

export type Language = 'en' | 'it' | 'fr'

export const words: Readonly<Record<Language, Words>> = {
  en: {
    backupOf: (app) => `Backup of ${app}`,
    loading: 'Asking for the state …',
    running: 'Backup in progress …',
    done: 'Backup done',
    doneWithErrors: 'Backup ended with errors',
    none: 'No backup action yet',
    notFound: 'No backup found',
    unknown: 'State unknown',
    last: (date) => `Last: ${date}`,
    noLast: 'No earlier backup',
    asOf: (age) => `Last answer: ${age}`,
    reaches: { local: 'Local', network: 'Network', cloud: 'Cloud' },
    circles: { red: 'missing', orange: 'needs attention', green: 'fine', grey: 'off' },
    troubles: {
      'missing': 'A backup is missing', 'log-error': 'The log tells errors', 'too-small': 'The backup is too small', 'unreachable': 'A destination cannot be reached',
      'overdue': 'A backup is overdue', 'unverified': 'Not verified for too long', 'damaged': 'A backup is damaged', 'unfinished-restore': 'A restore was not finished',
      'clock': 'A clock is wrong', 'no-end': 'No end was told', 'other': 'Something needs attention',
    },
    problems: {
      'no-answer': 'The server does not answer', 'server-error': 'The server answers with an error', 'invalid': 'Invalid answer', 'incomplete': 'Incomplete answer',
      'refused': 'Access refused', 'unknown-app': 'Unknown application', 'no-app': 'No application is named',
    },
  },
  it: {
    backupOf: (app) => `Backup di ${app}`,
    loading: 'Richiesta dello stato …',
    running: 'Backup in corso …',
    done: 'Backup completato',
    doneWithErrors: 'Backup terminato con errori',
    none: 'Ancora nessun backup',
    notFound: 'Nessun backup trovato',
    unknown: 'Stato sconosciuto',
    last: (date) => `Ultimo: ${date}`,
    noLast: 'Nessun backup precedente',
    asOf: (age) => `Ultima risposta: ${age}`,
    reaches: { local: 'Locale', network: 'Rete', cloud: 'Cloud' },
    circles: { red: 'mancante', orange: 'richiede attenzione', green: 'a posto', grey: 'disattivato' },
    troubles: {
      'missing': 'Manca un backup', 'log-error': 'Il registro segnala errori', 'too-small': 'Il backup è troppo piccolo', 'unreachable': 'Una destinazione non è raggiungibile',
      'overdue': 'Un backup è in ritardo', 'unverified': 'Non verificato da troppo tempo', 'damaged': 'Un backup è danneggiato', 'unfinished-restore': 'Un ripristino non è stato concluso',
      'clock': 'Un orologio è sbagliato', 'no-end': 'La fine non è stata comunicata', 'other': 'Qualcosa richiede attenzione',
    },
    problems: {
      'no-answer': 'Il server non risponde', 'server-error': 'Il server risponde con un errore', 'invalid': 'Risposta non valida', 'incomplete': 'Risposta incompleta',
      'refused': 'Accesso negato', 'unknown-app': 'Applicazione sconosciuta', 'no-app': 'Nessuna applicazione indicata',
    },
  },
  fr: {
    backupOf: (app) => `Sauvegarde de ${app}`,
    loading: 'Demande de l’état …',
    running: 'Sauvegarde en cours …',
    done: 'Sauvegarde terminée',
    doneWithErrors: 'Sauvegarde terminée avec des erreurs',
    none: 'Aucune action de sauvegarde',
    notFound: 'Aucune sauvegarde trouvée',
    unknown: 'État inconnu',
    last: (date) => `Dernière : ${date}`,
    noLast: 'Aucune sauvegarde précédente',
    asOf: (age) => `Dernière réponse : ${age}`,
    reaches: { local: 'Local', network: 'Réseau', cloud: 'Cloud' },
    circles: { red: 'absente', orange: 'à surveiller', green: 'en ordre', grey: 'désactivée' },
    troubles: {
      'missing': 'Une sauvegarde est absente', 'log-error': 'Le journal signale des erreurs', 'too-small': 'La sauvegarde est trop petite', 'unreachable': 'Une destination est injoignable',
      'overdue': 'Une sauvegarde est en retard', 'unverified': 'Non vérifiée depuis trop longtemps', 'damaged': 'Une sauvegarde est endommagée', 'unfinished-restore': 'Une restauration est inachevée',
      'clock': 'Une horloge est fausse', 'no-end': 'La fin n’a pas été annoncée', 'other': 'Un point est à surveiller',
    },
    problems: {
      'no-answer': 'Le serveur ne répond pas', 'server-error': 'Le serveur répond par une erreur', 'invalid': 'Réponse invalide', 'incomplete': 'Réponse incomplète',
      'refused': 'Accès refusé', 'unknown-app': 'Application inconnue', 'no-app': 'Aucune application indiquée',
    },
  },
}

/** The first of these tags (`fr-CH`, `it`) whose language is spoken. */
export function languageOf(tags: readonly (string | null | undefined)[]): Language {
  for (const tag of tags) {
    const code = tag?.slice(0, 2).toLowerCase()
    if (code === 'en' || code === 'it' || code === 'fr') return code
  }
  return 'en'
}
