/** The cell and the additional data of RFC 7852 as one list. Pure. */
import type { CallView } from '../api/types'

/** What tells of the person comes before what the network tells of itself; the cell comes last. */
const KINDS = ['comment', 'subscriber', 'device', 'service', 'provider', 'network', 'cell'] as const
type Kind = (typeof KINDS)[number]

export interface NetworkFact {
  kind: Kind | 'other'
  label: string
  value: string
}

export function networkFacts({ additional, cell }: CallView): NetworkFact[] {
  const told = (additional ?? []).map(({ kind, label, value }) => ({ kind: known(kind), label, value }))
  const all: NetworkFact[] = [...told, ...(cell ? [{ kind: 'cell' as const, label: '', value: cell }] : [])]
  return all.sort((a, b) => rank(a.kind) - rank(b.kind))
}

const known = (kind: string): Kind | 'other' => KINDS.find((one) => one === kind) ?? 'other'
const rank = (kind: NetworkFact['kind']) => (kind === 'other' ? KINDS.length : KINDS.indexOf(kind))
