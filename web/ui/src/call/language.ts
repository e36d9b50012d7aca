/** The names of languages by their BCP 47 tags, in the language of the console; a tag that nobody knows stays as it is. */
export function sayLanguage(tag: string, inLanguage: string): string {
  try {
    return new Intl.DisplayNames([inLanguage], { type: 'language' }).of(tag) ?? tag
  } catch {
    return tag
  }
}

export const sayLanguages = (tags: string[], inLanguage: string): string =>
  tags.map((tag) => sayLanguage(tag, inLanguage)).join(', ')
