/** The element of the page with this id; that it exists is the page's own promise. */
export function byId<T extends Element = HTMLElement>(id: string): T {
  const element = document.getElementById(id)
  if (element === null) throw new Error(`the page lacks #${id}`)
  return element as unknown as T
}

/** Write a text, unless it is there already: the browser lays out anew whatever is written. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text
}

export function setAttribute(element: Element, name: string, value: string): void {
  if (element.getAttribute(name) !== value) element.setAttribute(name, value)
}

export function create<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  className = '',
  text = ''
): HTMLElementTagNameMap[Name] {
  const element = document.createElement(name)
  if (className !== '') element.className = className
  element.textContent = text
  return element
}

export function createSvg<Name extends keyof SVGElementTagNameMap>(
  name: Name,
  attributes: Readonly<Record<string, string>> = {}
): SVGElementTagNameMap[Name] {
  const element = document.createElementNS('http://www.w3.org/2000/svg', name)
  for (const [attribute, value] of Object.entries(attributes)) element.setAttribute(attribute, value)
  return element
}

/**
 * One stop of the Tab key for many items of a container: arrow keys go from one to the next.
 *
 * @returns a function to be called when items came
 */
export function roving(container: Element, selector: string): () => void {
  const items = (): HTMLElement[] => [...container.querySelectorAll<HTMLElement>(selector)]
  container.addEventListener('keydown', event => {
    const all = items()
    const at = all.indexOf(event.target as HTMLElement)
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[(event as KeyboardEvent).key]
    if (at === -1 || step === undefined) return
    event.preventDefault()
    all[(at + step + all.length) % all.length].focus()
  })
  container.addEventListener('focusin', event => {
    if (!items().includes(event.target as HTMLElement)) return
    for (const item of items()) setAttribute(item, 'tabindex', item === event.target ? '0' : '-1')
  })
  return () => {
    const all = items()
    const current = all.find(({ tabIndex }) => tabIndex === 0) ?? all[0]
    for (const item of all) setAttribute(item, 'tabindex', item === current ? '0' : '-1')
  }
}
