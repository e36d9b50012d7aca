import { lazy, Suspense } from 'react'
import { Route, Switch, useLocation } from 'wouter'
import { AlarmBanner } from '../alarms/AlarmBanner'
import { CallBar } from '../call/CallBar'
import { Console } from '../form/Console'
import { CallList } from '../history/CallList'
import { CallPage } from '../history/CallPage'
import { IncidentList } from '../history/IncidentList'
import { IncidentPage } from '../history/IncidentPage'
import { useT } from '../i18n/i18n'
import { HelpSheet } from '../keys/HelpSheet'
import { Setup } from '../session/Setup'
import { SignIn } from '../session/SignIn'
import { session } from '../session/session'
import { AudioGate } from '../shift/AudioGate'
import { StartShift } from '../shift/StartShift'
import { shift } from '../shift/shift'
import { watching } from '../shift/watching'
import { Wall } from '../supervise/Wall'
import { useStore } from '../util/store'
import { Apart } from './Apart'
import { Watching } from './Watching'

const Admin = lazy(() => import('../admin/Admin'))

export function App() {
  const t = useT()
  const now = useStore(session)
  const [place] = useLocation()
  if (location.pathname === '/setup' && now.phase !== 'in') return <Setup />
  if (now.phase === 'loading') return <main className="sg-center">{t('page.loading')}</main>
  if (now.phase === 'out') return <SignIn />
  return (
    <div className="sg-app">
      <CallBar />
      <AudioGate />
      <AlarmBanner />
      <Apart place={place} words="page.broken">
        <Switch>
          <Route path="/calls">
            <CallList />
          </Route>
          <Route path="/calls/:id">{({ id }) => <CallPage id={id} />}</Route>
          <Route path="/incidents">
            <IncidentList />
          </Route>
          {/* A page of its own for each: a note that was begun for one incident is none of another's. */}
          <Route path="/incidents/:id">{({ id }) => <IncidentPage id={id} key={id} />}</Route>
          <Route path="/supervise">
            <Wall />
          </Route>
          <Route path="/admin/:part">
            {({ part }) => (
              <Suspense fallback={<main className="sg-page">{t('page.loading')}</main>}>
                <Admin part={part} />
              </Suspense>
            )}
          </Route>
          <Route>
            <Home />
          </Route>
        </Switch>
      </Apart>
      <HelpSheet />
    </div>
  )
}

/** The console, behind the beginning of the shift; a supervisor may watch it without one. */
function Home() {
  const t = useT()
  const phase = useStore(shift)
  const looksOn = useStore(watching)
  if (phase === 'unknown') return <main className="sg-center">{t('page.loading')}</main>
  if (phase === 'on' || looksOn) return <Console />
  return (
    <div className="sg-start">
      <StartShift />
      <Watching />
    </div>
  )
}
