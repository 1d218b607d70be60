// The editor: CodeMirror for Lua, with completion, with what the server finds wrong, and with the errors of runs.
import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from '@codemirror/autocomplete'
import { defaultKeymap, history, historyKeymap, indentWithTab } from '@codemirror/commands'
import {
  bracketMatching,
  HighlightStyle,
  indentOnInput,
  indentUnit,
  StreamLanguage,
  syntaxHighlighting,
} from '@codemirror/language'
import { lua } from '@codemirror/legacy-modes/mode/lua'
import { forceLinting, linter, lintGutter, lintKeymap } from '@codemirror/lint'
import { search, searchKeymap } from '@codemirror/search'
import { Compartment, EditorState, Prec } from '@codemirror/state'
import {
  drawSelection,
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  highlightSpecialChars,
  hoverTooltip,
  keymap,
  lineNumbers,
} from '@codemirror/view'
import { tags } from '@lezer/highlight'
import { completions, hoverOf } from './completion.mjs'

/** So long after the last key the code is looked through, in ms. */
const PAUSE = 400

const colours = HighlightStyle.define([
  { tag: tags.keyword, class: 'tok-keyword' },
  { tag: tags.comment, class: 'tok-comment' },
  { tag: tags.string, class: 'tok-string' },
  { tag: tags.number, class: 'tok-number' },
  { tag: [tags.atom, tags.bool], class: 'tok-number' },
  { tag: [tags.standard(tags.variableName), tags.standard(tags.name)], class: 'tok-builtin' },
])

/** Puts the editor into an element; `check` resolves with the mistakes of a code. */
export function createEditor(parent, { code, nonce, describedBy, run, stop, changed, check }) {
  const isDark = matchMedia('(prefers-color-scheme: dark)')
  const scheme = new Compartment()
  const schemeOf = () => EditorView.theme({}, { dark: isDark.matches })
  // The error of the last run, until the code changes.
  let error

  async function mistakes(view) {
    const { doc } = view.state
    const found = await check(doc.toString()).catch(() => [])
    const all = error && error.doc === doc ? [...found.filter(({ line }) => line !== error.line), error] : found
    return all.map((mistake) => diagnosticOf(doc, mistake))
  }

  const act = (what) => () => {
    what()
    return true
  }
  const view = new EditorView({
    parent,
    state: EditorState.create({
      doc: code,
      extensions: [
        EditorView.cspNonce.of(nonce),
        Prec.highest(
          keymap.of([
            { key: 'Mod-Enter', run: act(run) },
            { key: 'Mod-.', run: act(stop) },
          ]),
        ),
        lineNumbers(),
        highlightActiveLineGutter(),
        highlightSpecialChars(),
        history(),
        drawSelection(),
        indentUnit.of('  '),
        EditorState.tabSize.of(2),
        indentOnInput(),
        bracketMatching(),
        closeBrackets(),
        autocompletion({ override: [completions], icons: false }),
        hoverTooltip((view, at) => hoverOf(view.state, at)),
        highlightActiveLine(),
        search({ top: true }),
        linter(mistakes, { delay: PAUSE }),
        lintGutter(),
        StreamLanguage.define(lua),
        syntaxHighlighting(colours),
        keymap.of([
          ...closeBracketsKeymap,
          ...defaultKeymap,
          ...searchKeymap,
          ...historyKeymap,
          ...completionKeymap,
          ...lintKeymap,
          indentWithTab,
        ]),
        scheme.of(schemeOf()),
        EditorView.contentAttributes.of({
          'aria-label': 'Lua script',
          tabindex: '0',
          'aria-describedby': describedBy,
          autocapitalize: 'off',
          spellcheck: 'false',
        }),
        EditorView.updateListener.of((update) => {
          if (update.docChanged) changed(update.state.doc.toString())
        }),
      ],
    }),
  })
  isDark.addEventListener('change', () => view.dispatch({ effects: scheme.reconfigure(schemeOf()) }))

  return {
    get code() {
      return view.state.doc.toString()
    },
    /** As if it were typed: it can be undone. */
    set code(text) {
      view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text }, selection: { anchor: 0 } })
      view.focus()
    },
    /** Marks the error of a run of this code, if that is still what is there. */
    showError(found, ofCode) {
      const { doc } = view.state
      error = found && doc.toString() === ofCode ? { ...found, doc, severity: 'error' } : undefined
      if (!found) return
      // The linter runs after changes only.
      view.dispatch({ effects: scheme.reconfigure(schemeOf()) })
      refresh(view)
      if (error) view.dispatch({ effects: EditorView.scrollIntoView(doc.line(lineIn(doc, error.line)).from) })
    },
    goTo(line) {
      const { from } = view.state.doc.line(lineIn(view.state.doc, line))
      view.dispatch({ selection: { anchor: from }, effects: EditorView.scrollIntoView(from, { y: 'center' }) })
      view.focus()
    },
  }
}

const lineIn = (doc, line) => Math.min(Math.max(1, line), doc.lines)

/** A mistake's column and size are in bytes of its line: those of an editor are in UTF-16 units. */
function diagnosticOf(doc, { line, column, size, severity, message }) {
  const { from, to, text } = doc.line(lineIn(doc, line))
  if (column === undefined) return { from: from + /^\s*/.exec(text)[0].length, to, severity, message }
  const bytes = new TextEncoder().encode(text)
  const lengthOf = (end) => new TextDecoder().decode(bytes.subarray(0, end)).length
  return { from: from + lengthOf(column), to: Math.min(to, from + lengthOf(column + size)), severity, message }
}

function refresh(view) {
  forceLinting(view)
}
