/** The little signs on the map: shape and letter as well as colour. */
export function markerElement(look: 'place' | 'camera' | 'team', name: string, bad = false): HTMLElement {
  const element = document.createElement('div')
  element.className = `sg-marker sg-marker-${look}${bad ? ' sg-marker-bad' : ''}`
  element.title = name
  element.setAttribute('role', 'img')
  element.setAttribute('aria-label', name)
  const inner = document.createElement('span')
  inner.textContent = { place: '', camera: '▣', team: '▲' }[look]
  element.append(inner)
  return element
}

/** One sign for many that lie on each other. */
export function heapElement(names: string[]): HTMLElement {
  const element = document.createElement('div')
  element.className = 'sg-marker sg-marker-heap'
  element.title = names.join('\n')
  element.setAttribute('role', 'img')
  element.setAttribute('aria-label', names.join(', '))
  element.textContent = String(names.length)
  return element
}
