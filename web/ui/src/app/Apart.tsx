/** A part of the page that breaks alone: what is around it, the call above all, goes on. */
import { Button } from '@mantine/core'
import { Component, type ReactNode } from 'react'
import { type TextKey, useT } from '../i18n/i18n'
import { Icon } from './Icon'

interface Props {
  children: ReactNode
  /** What the person is told in its place. */
  words: TextKey
  /** Elsewhere it is tried anew. */
  place?: string
}

export class Apart extends Component<Props, { broken: boolean }> {
  override state = { broken: false }

  static getDerivedStateFromError() {
    return { broken: true }
  }

  override componentDidUpdate({ place }: Props) {
    if (this.state.broken && place !== this.props.place) this.setState({ broken: false })
  }

  override render() {
    return this.state.broken ? <Broken words={this.props.words} /> : this.props.children
  }
}

/** Only a new page brings it back: a browser does not ask twice for a file that it could not load. */
function Broken({ words }: { words: TextKey }) {
  const t = useT()
  return (
    <div className="sg-broken" data-testid="broken" role="alert">
      <p>
        <Icon name="warning" /> {t(words)}
      </p>
      <Button onClick={() => location.reload()} variant="default">
        {t('page.reload')}
      </Button>
    </div>
  )
}
