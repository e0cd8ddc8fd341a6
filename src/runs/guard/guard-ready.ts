/** What a guard prints once it watches. */
export const guardReady = 'watching\n'
