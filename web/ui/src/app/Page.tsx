import type { ReactNode } from 'react'
import { Link } from 'wouter'
import { useT } from '../i18n/i18n'

/** The frame of every page that is not the console. */
export function Page({ title, children }: { title: string; children: ReactNode }) {
  const t = useT()
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a page that scrolls must be reachable by keyboard.
    <main className="sg-page" tabIndex={0}>
      <div className="sg-row">
        <h1>{title}</h1>
        <span className="sg-grow" />
        <Link className="sg-link" href="/">
          ← {t('page.console')}
        </Link>
      </div>
      {children}
    </main>
  )
}
