/** Texts of the console. Indonesian is the first language and defines which keys exist; a test keeps both files alike. */
import { Store, useStore } from '../util/store'
import en from './en.json'
import id from './id.json'

export type Language = 'id' | 'en'
export type TextKey = keyof typeof id

const KEY = 'siaga.language'
const TEXTS: Record<Language, Record<TextKey, string>> = { id, en }

const stored = globalThis.localStorage?.getItem(KEY)
export const language = new Store<Language>(stored === 'en' ? 'en' : 'id')

export function setLanguage(next: Language) {
  localStorage.setItem(KEY, next)
  document.documentElement.lang = next
  language.set(next)
}

export function t(key: TextKey, values: Record<string, string | number> = {}): string {
  const text = TEXTS[language.get()][key] ?? key
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole))
}

export const hasText = (key: string): key is TextKey => key in id

/** `t` for components: they draw again when the language changes. */
export function useT() {
  useStore(language)
  return t
}
