/** Skills and languages of a person as the server takes them. Pure. */

/** What emergency services are called after `urn:service:sos.`; a city may add its own. */
export const SKILLS = ['ambulance', 'fire', 'police', 'marine', 'mountain', 'gas', 'poison']
export const LANGUAGES = ['id', 'en', 'zh', 'ms', 'jv', 'ta', 'ja', 'ko']

/** A short word of `a-z`, `0-9` and `-`; empty for what has none of them. */
export const skillOf = (typed: string): string =>
  typed
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 32)

/** The primary tag: `en` of `en-GB`; empty for what is no tag. */
export function languageOf(typed: string): string {
  const primary = typed.trim().toLowerCase().split(/[-_]/)[0] ?? ''
  return /^[a-z]{2,3}$/.test(primary) ? primary : ''
}
