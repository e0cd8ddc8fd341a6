import { z } from 'zod'
import { byteSizeSchema } from './byte-size-schema.ts'
import { durationSchema } from './duration-schema.ts'

const count = z.int().nonnegative()

const ruleShape = {
  last: count.optional().describe('Keep this many of the newest restore points.'),
  hourly: count.optional().describe('Keep the newest of each hour that has one, for this many hours.'),
  daily: count.optional().describe('Keep the newest of each day that has one, for this many days.'),
  weekly: count.optional().describe('Keep the newest of each week (Monday to Sunday) that has one, for this many weeks.'),
  monthly: count.optional().describe('Keep the newest of each month that has one, for this many months.'),
  yearly: count.optional().describe('Keep the newest of each year that has one, for this many years.'),
  within: durationSchema.optional().describe('Keep all that are at most this much older than the newest: `12h`, `30d`, `2y`. A longer time without any counts as a quarter of that, or a day, at most: a clock that was ahead must not make all too old.'),
  maxSize: byteSizeSchema.optional().describe('After the other rules remove the oldest until all of this kind together fit: `500MB`. Never the last, nor the newest verified one.'),
}

const groupRulesSchema = z.strictObject(ruleShape)

/** Rules for one kind of restore points. `0` means that this rule keeps none by itself; it never means "delete all". */
export type GroupRules = z.infer<typeof groupRulesSchema>

/** What retention keeps: the rules for complete full points, and for the other kinds where they differ. */
export const keepRulesSchema = z.strictObject({
  ...ruleShape,
  partial: groupRulesSchema.optional().describe('Own rules for points without chosen parts. By default the rules above, and they expire after 30 days once a newer full one exists.'),
  database: groupRulesSchema.optional().describe('Own rules for points of the databases alone. By default the rules above, and they expire after 30 days once a newer full one exists.'),
  incomplete: groupRulesSchema.optional().describe('Own rules for points in which something could not be read. By default they go once a newer complete one exists; until then the newest 3 stay for 30 days.'),
})
export type KeepRules = z.infer<typeof keepRulesSchema>
