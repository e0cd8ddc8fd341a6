import { dockerVolumeBackup } from './docker-volume-backup.ts'
import type { ForeignKind, ForeignSetKind } from './foreign-kind.ts'
import { homeAssistant } from './home-assistant.ts'
import { iotstackBackup } from './iotstack-backup.ts'
import { iotstack } from './iotstack.ts'
import { jeedom } from './jeedom.ts'
import { openstamanager } from './openstamanager.ts'

/** All kinds of single archives, the most particular first. */
export const foreignKinds: readonly ForeignKind[] = [homeAssistant, jeedom, openstamanager, iotstack, dockerVolumeBackup]

/** Kinds whose restore points are several files. */
export const foreignSetKinds: readonly ForeignSetKind[] = [iotstackBackup]
