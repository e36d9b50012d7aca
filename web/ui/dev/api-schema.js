import openapiTS, { astToString, COMMENT_HEADER } from 'openapi-typescript'

export const SOURCE = new URL('../../openapi.json', import.meta.url)
export const TARGET = new URL('../src/api/schema.d.ts', import.meta.url)

/** The types of everything that openapi.json describes. */
export async function generate() {
  return COMMENT_HEADER + astToString(await openapiTS(SOURCE))
}
