import { inspect } from 'node:util'

const hidden = '***'

/** A value that never prints: templates, JSON, console and errors all show `***`. Only `reveal()` gives it. */
export class Secret {
  readonly #value: string

  constructor(value: string) {
    this.#value = value
  }

  /** The plain text; call it only where the bytes leave for their one receiver. */
  reveal(): string {
    return this.#value
  }

  toString(): string {
    return hidden
  }

  toJSON(): string {
    return hidden
  }

  [inspect.custom](): string {
    return hidden
  }
}
