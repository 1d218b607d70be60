// moonpool completion: prints what lets a shell complete commands, options and files.
'use strict'

const { say } = require('./terminal')
const { GENERAL, UsageError } = require('./usage')

const OK = 0

const words = (list) => list.join(' ')
const optionsOf = (options) =>
  Object.entries(options).flatMap(([name, { isNegatable }]) => [`--${name}`, ...(isNegatable ? [`--no-${name}`] : [])])

/** For each command: its options, those that take a value, and what stands behind it. */
function tableOf() {
  const { COMMANDS } = require('./commands')
  return Object.entries(COMMANDS).map(([name, { summary, load }]) => {
    const { options } = load()
    const all = { ...options, ...GENERAL }
    return { name, summary, options: optionsOf(all) }
  })
}

function bash(commands) {
  const cases = commands.map(({ name, options }) => `    ${name}) words="${words(options)}" ;;`)
  return `# Completes moonpool in bash: eval "$(npx moonpool completion bash)"
_moonpool() {
  local words current="\${COMP_WORDS[COMP_CWORD]}"
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "${words(commands.map(({ name }) => name))} --help --version" -- "$current"))
    return
  fi
  case "\${COMP_WORDS[1]}" in
${cases.join('\n')}
    *) words="" ;;
  esac
  case "\${COMP_WORDS[1]} $current" in
    *\\ -*) COMPREPLY=($(compgen -W "$words" -- "$current")) ;;
    completion\\ *) COMPREPLY=($(compgen -W "bash zsh" -- "$current")) ;;
    *) COMPREPLY=($(compgen -f -- "$current")) ;;
  esac
}
complete -o filenames -F _moonpool moonpool
`
}

function zsh(commands) {
  const described = commands.map(({ name, summary }) => `    '${name}:${summary}'`)
  const cases = commands.map(({ name, options }) => `    ${name}) options=(${words(options)}) ;;`)
  return `#compdef moonpool
# Completes moonpool in zsh: eval "$(npx moonpool completion zsh)"
_moonpool() {
  local -a commands options
  commands=(
${described.join('\n')}
  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  case "$words[2]" in
${cases.join('\n')}
  esac
  if [[ "$words[CURRENT]" == -* ]]; then
    compadd -- $options
  elif [[ "$words[2]" == completion ]]; then
    compadd bash zsh
  else
    _files
  fi
}
compdef _moonpool moonpool
`
}

const SHELLS = { bash, zsh }

/** Returns the exit code. */
function run([shell]) {
  if (!Object.hasOwn(SHELLS, shell))
    throw new UsageError(`there is no completion for '${shell}': there is one for bash and zsh`)
  say(SHELLS[shell](tableOf()))
  return OK
}

module.exports = {
  usage: 'SHELL',
  about: `Prints what completes commands, options and files in bash or zsh: eval "$(npx moonpool completion bash)". It completes the
command moonpool, as node_modules/.bin or npm install --global has it; behind npx, shells complete nothing.`,
  operands: [1, 1],
  options: {},
  exitCodes: { 0: 'all is well', 2: 'the command is wrong' },
  run,
}
