import type { Remark } from '../../model/restore-point.ts'

/** Tells of a database on a kind of server that is not dumped from here: the point is incomplete without it. */
export function otherServer(file: string, kind: string): Remark {
  return { code: 'database.unknown', path: file, message: `names a ${kind} database, which is not saved from here: run the server in a container that Holdfast knows, or dump it by a live-before hook into the folder` }
}
