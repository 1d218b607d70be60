// The panel with what a run writes, logs and returns, and with its error.
import { element } from './dom.mjs'
import { valueElement } from './values.mjs'

export class Output {
  #root
  #empty
  #goTo
  // The text that is being written, until something else comes.
  #open
  #pending = ''

  constructor(root, empty, goTo) {
    this.#root = root
    this.#empty = empty
    this.#goTo = goTo
  }

  clear() {
    this.#pending = ''
    this.#open = undefined
    this.#root.replaceChildren()
    this.#empty.hidden = false
  }

  /** Is shown with the next frame: a script may write a thousand pieces in a second. */
  write(text) {
    if (this.#pending === '') requestAnimationFrame(() => this.#flush())
    this.#pending += text
  }

  log({ level, message, fields, ...where }) {
    const place = this.#placeOf(where)
    const more = fields === undefined ? undefined : element('span', { class: 'fields' }, fields)
    this.#add(element('p', { class: `log ${level}` }, element('b', {}, level), ' ', message, ' ', more, ' ', place))
  }

  note(text, kind) {
    this.#add(element('p', { class: `note ${kind}` }, text))
  }

  returned({ values, more }) {
    if (values.length === 0) return
    const items = values.map((value) => element('li', {}, valueElement(value)))
    if (more > 0) items.push(element('li', { class: 'more' }, `${more} more`))
    const title = element('h3', {}, values.length + more === 1 ? 'Returned' : `Returned ${values.length + more} values`)
    this.#add(element('div', { class: 'returned' }, title, element('ol', {}, ...items)))
  }

  error({ message, code, stack, option, ...where }) {
    const place = this.#placeOf(where)
    const limit = option === undefined ? '' : `, the limit that ${option} sets`
    this.#add(
      element(
        'div',
        { class: 'error' },
        element('p', { class: 'message' }, message),
        element('p', { class: 'code' }, `${code ?? 'error'}${limit} `, place),
        stack === undefined ? undefined : element('pre', { class: 'stack' }, stack),
      ),
    )
  }

  /** A line of the script, to which one may go; or the place in a module. */
  #placeOf({ line, chunk, chunkLine }) {
    if (line !== undefined) return this.#lineButton(line)
    if (chunk === undefined) return undefined
    return `in ${chunk}${chunkLine === undefined ? '' : `:${chunkLine}`}`
  }

  #lineButton(line) {
    const button = element('button', { type: 'button', class: 'line' }, `line ${line}`)
    button.addEventListener('click', () => this.#goTo(line))
    return button
  }

  #flush() {
    if (this.#pending === '') return
    if (!this.#open) {
      this.#open = element('pre', { class: 'text' })
      this.#append(this.#open)
    }
    const isAtEnd = this.#isAtEnd()
    this.#open.append(this.#pending)
    this.#pending = ''
    if (isAtEnd) this.#toEnd()
  }

  #add(node) {
    this.#flush()
    this.#open = undefined
    this.#append(node)
  }

  #append(node) {
    this.#empty.hidden = true
    const isAtEnd = this.#isAtEnd()
    this.#root.append(node)
    if (isAtEnd) this.#toEnd()
  }

  /** Who has scrolled up to read something is left alone. */
  #isAtEnd() {
    const { scrollHeight, scrollTop, clientHeight } = this.#root.parentElement
    return scrollHeight - scrollTop - clientHeight < 40
  }

  #toEnd() {
    const panel = this.#root.parentElement
    panel.scrollTop = panel.scrollHeight
  }
}
