const firstYear = 1980
const lastYear = 2107

/** Local time in steps of two seconds (APPNOTE 4.4.6), brought into the years that it can tell: 1980 to 2107. */
export function dosTime(seconds: number): { date: number; time: number } {
  const at = new Date(seconds * 1000)
  const year = at.getFullYear()
  if (Number.isNaN(year) || year > lastYear) return { date: ((lastYear - firstYear) << 9) | (12 << 5) | 31, time: (23 << 11) | (59 << 5) | 29 }
  if (year < firstYear) return { date: (1 << 5) | 1, time: 0 }
  return {
    date: ((year - firstYear) << 9) | ((at.getMonth() + 1) << 5) | at.getDate(),
    time: (at.getHours() << 11) | (at.getMinutes() << 5) | (at.getSeconds() >> 1),
  }
}
