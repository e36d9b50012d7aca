import type { CallView } from '../api/types'

/** The dialled service in short: `112`, or `sos.fire` of `urn:service:sos.fire`. */
export function sayDialled(call: CallView): string {
  return call.dialled.replace(/^urn:service:/, '').replace(/^sips?:([^@;]+).*$/, '$1')
}
