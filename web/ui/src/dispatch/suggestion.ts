/** Which teams a type of incident calls for. Suggests, never overrules: what the operator chose by hand stays. Pure. */
import type { IncidentTypeView, TeamView } from '../api/types'

export type Part = 'lead' | 'support' | 'other'

export interface Choice {
  team: TeamView
  part: Part
}

/** Active teams that can be reached, lead agencies in their order first, then supporting ones, then the rest by name. */
export function ordered(teams: TeamView[], type: IncidentTypeView | null): Choice[] {
  const rank = (list: string[] | undefined, agency: string) => list?.indexOf(agency) ?? -1
  const part = ({ agency }: TeamView): Part =>
    rank(type?.lead, agency) >= 0 ? 'lead' : rank(type?.support, agency) >= 0 ? 'support' : 'other'
  const weight = { lead: 0, support: 1, other: 2 }
  return teams
    .filter((team) => team.active && reachable(team))
    .map((team) => ({ team, part: part(team) }))
    .sort(
      (a, b) =>
        weight[a.part] - weight[b.part] ||
        rank(type?.[a.part === 'support' ? 'support' : 'lead'], a.team.agency) -
          rank(type?.[b.part === 'support' ? 'support' : 'lead'], b.team.agency) ||
        a.team.agency_name.localeCompare(b.team.agency_name) ||
        a.team.name.localeCompare(b.team.name),
    )
}

export const reachable = (team: TeamView) => team.telegram_chat != null || Boolean(team.whatsapp_number)

/**
 * The chosen teams: lead teams by themselves where they are suggested, unless the operator said otherwise for a team. Teams that have it already
 * are left out.
 */
export function chosen(
  choices: Choice[],
  byHand: Record<string, boolean>,
  sent: Set<string>,
  suggested = true,
): string[] {
  return choices
    .filter(({ team, part }) => !sent.has(team.id) && (byHand[team.id] ?? (suggested && part === 'lead')))
    .map(({ team }) => team.id)
}

/** What still stands between the form and a useful dispatch, most pressing first; null if nothing does. */
export function wanting(now: {
  mine: boolean
  closed: boolean
  missing: boolean
  type: boolean
  incident: boolean
}): 'answer' | 'closed' | 'place' | 'type' | null {
  if (!now.mine) return 'answer'
  if (now.closed) return 'closed'
  if (now.missing) return 'place'
  return now.type || now.incident ? null : 'type'
}
