/** Splits text chunks into lines; a line longer than `maxLength` is cut there, so that memory stays bounded. */
export class LineSplitter {
  readonly #onLine: (line: string) => void
  readonly #maxLength: number
  #rest = ''

  constructor(onLine: (line: string) => void, maxLength = 8192) {
    this.#onLine = onLine
    this.#maxLength = maxLength
  }

  write(text: string): void {
    const lines = (this.#rest + text).split(/\r?\n/)
    this.#rest = lines.pop() ?? ''
    for (const line of lines) this.#emit(line)
    while (this.#rest.length > this.#maxLength) {
      this.#onLine(this.#rest.slice(0, this.#maxLength))
      this.#rest = this.#rest.slice(this.#maxLength)
    }
  }

  /** Emits what is left without a line end. */
  end(): void {
    if (this.#rest !== '') this.#emit(this.#rest)
    this.#rest = ''
  }

  #emit(line: string): void {
    this.#onLine(line.length > this.#maxLength ? line.slice(0, this.#maxLength) : line)
  }
}
