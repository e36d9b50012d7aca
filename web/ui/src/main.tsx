import '@mantine/core/styles.css'
import './theme/console.css'
import './theme/side.css'
import { MantineProvider } from '@mantine/core'
import { QueryClientProvider } from '@tanstack/react-query'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { runAlarms } from './alarms/alarms'
import { queries } from './api/queries'
import { Apart } from './app/Apart'
import { App } from './app/App'
import { runNotReached } from './call/notReached'
import { runRing } from './call/ring'
import { runWork } from './form/work'
import { language } from './i18n/i18n'
import { runLive, watchLive } from './live/live'
import { refreshSession, session } from './session/session'
import { runShift } from './shift/shift'
import { runWatching } from './shift/watching'
import { cssVariablesResolver, theme } from './theme/theme'

// What rings, records and saves runs outside of React, so that no page of it can stop it.
runWork()
runShift()
runWatching()
runRing()
runNotReached()
runAlarms()
runLive()
watchLive((event) => {
  // After a gap everything that was read before may be old.
  if (event.event === 'snapshot') void queries.invalidateQueries()
  if (event.event === 'call' && event.call.state === 'ended') void queries.invalidateQueries({ queryKey: ['calls'] })
  if (event.event === 'callbacks') void queries.invalidateQueries({ queryKey: ['callbacks'] })
  if (event.event === 'statistics') void queries.invalidateQueries({ queryKey: ['statistics'] })
  if (event.event === 'timeline' && event.entry.kind === 'recording.sealed')
    void queries.invalidateQueries({ queryKey: ['call'] })
  if (event.event === 'timeline' && event.entry.kind === 'team.linked')
    void queries.invalidateQueries({ queryKey: ['teams'] })
  if (event.event === 'timeline' && event.entry.kind === 'report.closed')
    void queries.invalidateQueries({ queryKey: ['reputations'] })
})
session.subscribe(() => {
  // The next person must not see what this one was allowed to.
  if (session.get().phase === 'out') queries.clear()
})
void refreshSession()
document.documentElement.lang = language.get()

const root = document.getElementById('root')
if (root)
  createRoot(root).render(
    <StrictMode>
      <MantineProvider cssVariablesResolver={cssVariablesResolver} defaultColorScheme="dark" theme={theme}>
        <QueryClientProvider client={queries}>
          <Apart words="page.broken">
            <App />
          </Apart>
        </QueryClientProvider>
      </MantineProvider>
    </StrictMode>,
  )
