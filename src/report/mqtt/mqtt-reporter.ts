import { readFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import type { IClientOptions, MqttClient } from 'mqtt'
import { messageOf } from '../../kit/app-error.ts'
import { hideSecrets } from '../../kit/hide-secrets.ts'
import { printable } from '../../kit/printable.ts'
import { backoffMs } from '../../kit/retry.ts'
import type { Secret } from '../../kit/secret.ts'
import type { Overview } from '../../model/api/overview.ts'
import type { SecretReader } from '../../model/secret-reader.ts'
import { appPayload } from './app-payload.ts'
import { discoveryMessages } from './discovery.ts'
import type { MqttOptions } from './mqtt-options.ts'
import { topicName } from './topic-name.ts'

export type MqttContext = {
  readonly readSecret: SecretReader
  readonly now: () => Date
  /** Of the dashboard, for the devices' pages. */
  readonly url?: string
  /** Called where `commands` are allowed and one came. */
  readonly onBackup?: (app: string) => void
  readonly reconnectMs?: number
}
export type MqttHealth = { readonly state: 'ok' | 'failed' | 'unknown'; readonly text: string; readonly at?: string }

const keepaliveSeconds = 30
const goodbyeMs = 2000
const retained = { qos: 1, retain: true } as const

/**
 * Keeps a broker told: `BASE/availability` (`online`, and `offline` as its last will), `BASE/APP/state` as JSON, and Home
 * Assistant's discovery, all retained. Connects in the background and again whenever the connection is lost, and then tells everything anew. Applications
 * that went away are taken from the broker too, also such as went while nobody was connected: their retained states are found there.
 */
export class MqttReporter implements AsyncDisposable {
  readonly #options: MqttOptions
  readonly #context: MqttContext
  readonly #instance: string
  readonly #base: string
  readonly #stop = new AbortController()
  /** What the broker has acknowledged, by topic. */
  readonly #published = new Map<string, string>()
  /** Applications that the broker knows of, as topics hold them. */
  readonly #known = new Set<string>()
  #client: MqttClient | undefined
  #secrets: readonly Secret[] = []
  #overview: Overview | undefined
  #apps: readonly string[] = []
  #health: MqttHealth = { state: 'unknown', text: 'connecting' }
  #flushing: Promise<void> | undefined
  #again = false

  constructor(options: MqttOptions, context: MqttContext) {
    this.#options = options
    this.#context = context
    this.#instance = options.instance ?? topicName(hostname())
    this.#base = `${options.topic}/${this.#instance}`
    void this.#connect()
  }

  /**
   * Tells what is new in this; without a connection the newest is told when there is one.
   *
   * @param apps all that there are, also such as were not judged yet: others are taken from the broker.
   */
  update(overview: Overview, apps: readonly string[]): void {
    this.#overview = overview
    this.#apps = apps
    this.#flush()
  }

  health(): MqttHealth {
    return this.#health
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort()
    const client = this.#client
    if (client === undefined) return
    if (client.connected) {
      const goodbye = Promise.all([this.#flushing, client.publishAsync(`${this.#base}/availability`, 'offline', retained)]).catch(() => undefined)
      await Promise.race([goodbye, sleep(goodbyeMs, undefined, { ref: false })])
    }
    await Promise.race([client.endAsync(!client.connected).catch(() => undefined), sleep(goodbyeMs, undefined, { ref: false })])
    client.end(true)
  }

  /** Never throws: what fails is its health. */
  async #connect(): Promise<void> {
    for (let failures = 0; !this.#stop.signal.aborted;) {
      try {
        const options = await this.#clientOptions()
        // Only who has a broker pays for it. A bundle gives of what is CommonJS only the whole.
        const { default: mqtt } = await import('mqtt')
        if (this.#stop.signal.aborted) return
        this.#listen(mqtt.connect(options))
        return
      } catch (error) {
        this.#fail(error)
        failures++
        await sleep(backoffMs(failures, { firstMs: 5000, maxMs: 300_000 }), undefined, { signal: this.#stop.signal, ref: false }).catch(() => undefined)
      }
    }
  }

  async #clientOptions(): Promise<IClientOptions> {
    const { user, password, ca } = this.#options
    const url = new URL(this.#options.url)
    const isSecure = url.protocol === 'mqtts:'
    const secret = password === undefined ? undefined : await this.#context.readSecret(password, this.#stop.signal)
    this.#secrets = secret === undefined ? [] : [secret]
    return {
      // In parts: the package reads a whole address by a function that Node warns of.
      protocol: isSecure ? 'mqtts' : 'mqtt', host: url.hostname.replace(/^\[(.*)\]$/, '$1'), port: url.port === '' ? (isSecure ? 8883 : 1883) : Number(url.port),
      // Always the same: a broker that has not noticed a power cut yet publishes the old will before it takes the new connection.
      clientId: `holdfast-${this.#instance}`,
      clean: true, keepalive: keepaliveSeconds, connectTimeout: 20_000, reconnectPeriod: this.#context.reconnectMs ?? 10_000, reconnectOnConnackError: true, resubscribe: false, queueQoSZero: false,
      will: { topic: `${this.#base}/availability`, payload: Buffer.from('offline'), ...retained },
      ...(user === undefined ? {} : { username: user }),
      ...(secret === undefined ? {} : { password: secret.reveal() }),
      rejectUnauthorized: true,
      ...(ca === undefined ? {} : { ca: await readFile(ca) }),
    }
  }

  #listen(client: MqttClient): void {
    this.#client = client
    client.on('connect', () => { void this.#onConnect(client) })
    client.on('message', (topic, payload, packet) => this.#onMessage(topic, payload.toString('utf8'), packet.retain))
    client.on('error', (error) => this.#fail(error))
    // What an error told says more.
    client.on('close', () => { if (this.#health.state !== 'failed') this.#fail(new Error('the connection was lost')) })
  }

  async #onConnect(client: MqttClient): Promise<void> {
    try {
      // The broker may have been started anew, without anything.
      this.#published.clear()
      await client.subscribeAsync([`${this.#base}/availability`, `${this.#base}/+/state`, ...(this.#options.commands ? [`${this.#base}/+/command`] : [])], { qos: 1 })
      await client.publishAsync(`${this.#base}/availability`, 'online', retained)
      this.#health = { state: 'ok', text: `connected to ${this.#host()}`, at: this.#context.now().toISOString() }
      this.#flush()
    } catch (error) {
      this.#fail(error)
    }
  }

  #onMessage(topic: string, payload: string, isRetained: boolean): void {
    const [app, kind, more] = topic.startsWith(`${this.#base}/`) ? topic.slice(this.#base.length + 1).split('/') : []
    if (app === 'availability' && kind === undefined && payload === 'offline' && !this.#stop.signal.aborted) {
      // The will of a connection that died unnoticed has come after ours was made.
      this.#client?.publish(topic, 'online', retained, () => undefined)
    }
    if (app === undefined || more !== undefined || !/^[A-Za-z0-9_-]+$/.test(app)) return
    if (kind === 'state' && payload !== '' && !this.#known.has(app)) {
      this.#known.add(app)
      this.#flush()
    }
    // A retained command would start a backup at every connection.
    if (kind === 'command' && this.#options.commands && !isRetained && payload.trim().toLowerCase() === 'backup') {
      const card = this.#overview?.apps.find(({ name }) => topicName(name) === app)
      if (card !== undefined) this.#context.onBackup?.(card.name)
    }
  }

  /** One at a time, and once more if there was something new meanwhile. */
  #flush(): void {
    this.#again = true
    this.#flushing ??= this.#flushAll().finally(() => {
      this.#flushing = undefined
      if (this.#again && this.#client?.connected === true && this.#overview !== undefined && this.#health.state === 'ok') this.#flush()
    })
  }

  async #flushAll(): Promise<void> {
    try {
      while (this.#again && this.#client?.connected === true && this.#overview !== undefined) {
        this.#again = false
        await this.#tell(this.#client, this.#overview)
      }
    } catch (error) {
      this.#fail(error)
    }
  }

  async #tell(client: MqttClient, { apps }: Overview): Promise<void> {
    const { discovery, commands } = this.#options
    const now = this.#context.now()
    const present = new Set(this.#apps.map(topicName))
    for (const card of apps) {
      const app = topicName(card.name)
      this.#known.add(app)
      const messages = new Map([[`${this.#base}/${app}/state`, JSON.stringify(appPayload(card, now))], ...(discovery === false ? [] : this.#discovery(discovery, app, printable(card.name), commands))])
      await Promise.all([...messages].map(async ([topic, payload]) => {
        if (this.#published.get(topic) === payload) return
        await client.publishAsync(topic, payload, retained)
        this.#published.set(topic, payload)
      }))
    }
    for (const app of [...this.#known].filter((each) => !present.has(each))) {
      const topics = [...(discovery === false ? [] : this.#discovery(discovery, app, app, false).keys()), `${this.#base}/${app}/state`]
      for (const topic of topics) {
        await client.publishAsync(topic, '', retained)
        this.#published.delete(topic)
      }
      this.#known.delete(app)
    }
  }

  #discovery(prefix: string, app: string, name: string, commands: boolean): ReadonlyMap<string, string> {
    const { url } = this.#context
    return discoveryMessages(prefix, { instance: this.#instance, app, name, base: this.#base, ...(url === undefined ? {} : { url }) }, commands)
  }

  #fail(error: unknown): void {
    if (this.#stop.signal.aborted) return
    const why = printable(hideSecrets(messageOf(error) || 'it does not answer', this.#secrets)).slice(0, 300)
    this.#health = { state: 'failed', text: `The MQTT broker ${this.#host()}: ${why}`, at: this.#context.now().toISOString() }
  }

  #host(): string {
    return URL.parse(this.#options.url)?.host ?? 'that is configured'
  }
}
