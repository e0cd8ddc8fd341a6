import { z } from 'zod'
import { durationSchema } from '../../model/duration-schema.ts'
import { noticeTopicSchema } from '../../model/notice.ts'

const weekdays = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'] as const

/** What every notifier has: of what it tells, and when. */
export const noticeOptions = {
  on: z.array(noticeTopicSchema).min(1).default([...noticeTopicSchema.options]).describe('What is told: a failure; a warning, such as a file that could not be read; a backup that did not come; that all is well again; how all stand, once a week.'),
  remind: durationSchema.default('1d').describe('While an application stays failed or overdue it is told again after this long.'),
  summary: z.strictObject({
    day: z.enum(weekdays).default('monday').describe('The day of the week.'),
    hour: z.int().min(0).max(23).default(8).describe('The hour of the day.'),
    timezone: z.string().refine(isTimeZone, 'a time zone such as Europe/Rome').optional().describe('The time zone that they are meant in: `Europe/Rome`. Default: the machine\'s.'),
  }).prefault({}).describe('When the weekly summary comes.'),
} as const

export const privateNetworkOption = z.boolean().default(false).describe('Whether it may lie on this machine or in a private network.')

/** 1 is Monday, 7 Sunday. */
export function weekdayNumber(day: typeof weekdays[number]): number {
  return weekdays.indexOf(day) + 1
}

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== ''
  } catch {
    return false
  }
}
