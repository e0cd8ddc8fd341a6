import { programVersion } from '../../kit/program-version.ts'

/** Where an application's entities read, and under which ids they are known. */
export type DiscoverySubject = {
  /** As topics hold them. */
  readonly instance: string
  readonly app: string
  /** As people read it. */
  readonly name: string
  readonly base: string
  readonly url?: string
}

type Component = { readonly component: 'sensor' | 'binary_sensor' | 'button'; readonly object: string; readonly config: Readonly<Record<string, unknown>> }

const states = ['ok', 'warning', 'failed', 'never', 'running']

const sensors: readonly Component[] = [
  { component: 'sensor', object: 'state', config: { name: 'Backup', device_class: 'enum', options: states, value_template: '{{ value_json.state }}', icon: 'mdi:backup-restore' } },
  { component: 'sensor', object: 'last_backup', config: { name: 'Last backup', device_class: 'timestamp', value_template: '{{ value_json.last_backup }}' } },
  { component: 'sensor', object: 'last_verified', config: { name: 'Last verified', device_class: 'timestamp', value_template: '{{ value_json.last_verified }}' } },
  { component: 'sensor', object: 'age', config: { name: 'Backup age', device_class: 'duration', unit_of_measurement: 'h', state_class: 'measurement', value_template: '{{ value_json.age_hours }}' } },
  { component: 'sensor', object: 'size', config: { name: 'Backup size', device_class: 'data_size', unit_of_measurement: 'B', state_class: 'measurement', value_template: '{{ value_json.size_bytes }}' } },
  { component: 'sensor', object: 'next_run', config: { name: 'Next backup', device_class: 'timestamp', value_template: '{{ value_json.next_run }}' } },
  { component: 'binary_sensor', object: 'problem', config: { name: 'Backup problem', device_class: 'problem', value_template: "{{ 'ON' if value_json.problem else 'OFF' }}" } },
]
const button: Component = { component: 'button', object: 'backup', config: { name: 'Create backup', payload_press: 'backup', icon: 'mdi:content-save' } }

/** The retained messages by which Home Assistant knows the application as a device (home-assistant.io/integrations/mqtt, "MQTT discovery"). An empty one takes the entity away. */
export function discoveryMessages(prefix: string, subject: DiscoverySubject, commands: boolean): ReadonlyMap<string, string> {
  const { instance, app, name, base, url } = subject
  const node = `holdfast_${instance}_${app}`
  const common = {
    availability_topic: `${base}/availability`,
    device: {
      identifiers: [node], name: `Backup of ${name}`, manufacturer: 'Holdfast', model: 'Application', sw_version: programVersion,
      ...(url === undefined ? {} : { configuration_url: url }),
    },
    origin: { name: 'Holdfast', sw_version: programVersion },
  }
  return new Map([...sensors, button].map(({ component, object, config }) => {
    const topic = component === 'button' ? { command_topic: `${base}/${app}/command` } : { state_topic: `${base}/${app}/state` }
    const payload = component === 'button' && !commands ? '' : JSON.stringify({ ...config, ...topic, ...common, unique_id: `${node}_${object}`, default_entity_id: `${component}.${node}_${object}` })
    return [`${prefix}/${component}/${node}/${object}/config`, payload]
  }))
}
