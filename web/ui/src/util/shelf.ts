/**
 * Values in the browser's own storage under keys of one prefix, each with the time at which it was written. A full or forbidden storage must not stop
 * anybody's typing: then nothing is kept, and nothing found.
 */

/** `at`: when it was last written, in Unix milliseconds. */
export type Shelved<T> = T & { at: number }

export class Shelf<T extends object> {
  /** `isWhole`: whether what was read is what was written; another version of the console may have. */
  constructor(
    private readonly storage: Storage,
    private readonly prefix: string,
    private readonly isWhole: (value: Partial<T>) => boolean,
  ) {}

  write(key: string, value: T, now: number) {
    attempt(() => this.storage.setItem(this.prefix + key, JSON.stringify({ ...value, at: now } satisfies Shelved<T>)))
  }

  remove(key: string) {
    attempt(() => this.storage.removeItem(this.prefix + key))
  }

  read(key: string): Shelved<T> | null {
    return (
      attempt(() => {
        const value = JSON.parse(this.storage.getItem(this.prefix + key) ?? 'null') as Shelved<T> | null
        return value && this.isWhole(value) ? value : null
      }) ?? null
    )
  }

  /** The keys that begin so, without the shelf's prefix. */
  keys(start = ''): string[] {
    const all = attempt(() => Array.from({ length: this.storage.length }, (_, n) => this.storage.key(n) ?? '')) ?? []
    return all.filter((key) => key.startsWith(this.prefix + start)).map((key) => key.slice(this.prefix.length))
  }

  /** Removes what cannot be read, and what is not wanted any more: `age` is in milliseconds. */
  tidy(now: number, isWanted: (value: T, age: number) => boolean) {
    for (const key of this.keys()) {
      const value = this.read(key)
      if (!value || !isWanted(value, now - value.at)) this.remove(key)
    }
  }
}

function attempt<R>(what: () => R): R | undefined {
  try {
    return what()
  } catch {
    return undefined
  }
}
