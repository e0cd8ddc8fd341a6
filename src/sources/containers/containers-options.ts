import { z } from 'zod'
import { durationSchema } from '../../model/duration-schema.ts'
import { secretRefSchema } from '../../model/secret-ref.ts'

const modeSchema = z.enum(['stop', 'pause', 'exec', 'maintenance', 'leave'])
export type ContainerMode = z.infer<typeof modeSchema>

const dumpSchema = z.union([
  z.literal(false).describe('Not dumped.'),
  z.strictObject({
    engine: z.enum(['mariadb', 'postgresql', 'influxdb', 'influxdb2', 'redis']).optional().describe('By default told from the image and its environment.'),
    user: z.string().min(1).optional().describe('By default what the container\'s environment says.'),
    password: secretRefSchema.optional().describe('By default what the container\'s environment, or the file that it names, says.'),
    token: secretRefSchema.optional().describe('InfluxDB 2: the operator\'s token.'),
    databases: z.array(z.string().min(1)).min(1).optional().describe('Only these; by default all of the server.'),
  }),
])

const serviceSchema = z.strictObject({
  mode: modeSchema.optional().describe('While the files are read: `stop` it, `pause` it, `maintenance` (Nextcloud: maintenance mode), `exec` (a database: dumped and left running, its raw files left out), or `leave` it as it is.'),
  dump: dumpSchema.optional().describe('How its database is dumped, before anything stops; by default a database that is recognised is dumped, `false`: not.'),
})
export type ServiceOptions = z.infer<typeof serviceSchema>

/** `apps.NAME.containers`. */
export const containersOptionsSchema = z.strictObject({
  engine: z.string().min(1).optional().describe('The engine\'s socket. By default that of DOCKER_HOST, else every usual one that is there: Docker\'s, Podman\'s, and those of this user and of the folder\'s owner.'),
  stopTimeout: durationSchema.optional().describe('How long a container may take to stop before the engine kills it. By default its own.'),
  default: z.enum(['stop', 'pause', 'leave']).default('stop').describe('What happens to running containers that write into the application, where `services` does not say.'),
  services: z.record(z.string().min(1), serviceSchema).default({}).describe('By the name of a service in the compose file, or of a container.'),
})
export type ContainersOptions = z.infer<typeof containersOptionsSchema>
