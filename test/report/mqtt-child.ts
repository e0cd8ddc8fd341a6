// A process that keeps a broker told until it is killed: the test of the last will starts it with the broker's port.
import { mqttOptionsSchema } from '../../src/report/mqtt/mqtt-options.ts'
import { MqttReporter } from '../../src/report/mqtt/mqtt-reporter.ts'
import { Secret } from '../../src/kit/secret.ts'
import { sampleCard, sampleOverview } from './sample-overview.ts'

const options = mqttOptionsSchema.parse({ url: `mqtt://127.0.0.1:${process.argv[2]}`, instance: 'host' })
const reporter = new MqttReporter(options, { readSecret: async () => new Secret('x'), now: () => new Date() })
reporter.update(sampleOverview([sampleCard('erp')]), ['erp'])
setInterval(() => undefined, 60_000)
