import { z } from 'zod'
import { secretRefSchema } from '../../model/secret-ref.ts'

const topicSchema = z.string().regex(/^[A-Za-z0-9._-]+(?:\/[A-Za-z0-9._-]+)*$/, 'a topic without blanks, "+", "#" and a "/" at its ends')

/** How a broker, and Home Assistant behind it, is told how all stand. */
export const mqttOptionsSchema = z.strictObject({
  url: z.string().regex(/^mqtts?:\/\/[^\s/?#@]+\/?$/, 'an address such as mqtt://192.168.1.10 or mqtts://broker.example.org:8883').describe('The broker: `mqtt://HOST:1883`, or with TLS `mqtts://HOST:8883`.'),
  user: z.string().min(1).optional().describe('Who signs in there.'),
  password: secretRefSchema.optional().describe('The password.'),
  ca: z.string().min(1).optional().describe('The certificate authority of the broker, where it is none that everybody knows (PEM).'),
  instance: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, 'letters, digits, "_" and "-"').optional().describe('Tells several machines at one broker apart. Default: the host name.'),
  topic: topicSchema.default('holdfast').describe('What all topics begin with; the instance follows.'),
  discovery: z.union([z.literal(false), topicSchema]).default('homeassistant').describe('The prefix under which Home Assistant looks for devices; `false` announces none.'),
  commands: z.boolean().default(false).describe('Whether a message may start a backup, and Home Assistant shows a button for that. Whoever may write to the broker can then start one.'),
})
export type MqttOptions = z.infer<typeof mqttOptionsSchema>
