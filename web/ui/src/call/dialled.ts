import type { CallView } from '../api/types'

/** What was dialled, where it says more than that it is an emergency: `sos.fire` of `urn:service:sos.fire`; else empty. */
export function sayDialled(call: CallView): string {
  const service = call.dialled.replace(/^urn:service:/, '').replace(/^sips?:([^@;]+).*$/, '$1')
  return service === 'sos' || service === '112' ? '' : service
}
