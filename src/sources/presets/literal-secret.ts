/** A text of which no part is taken for a variable (`model/secret-ref`). */
export function literalSecret(password: string): string {
  return password.replaceAll('${', () => '$${')
}
