// Bad arguments of contexts: each is refused with what it should have been, and nothing is run.
'use strict'

const { Context } = require('..')
const { contextWith, valueIn } = require('./support/context')
const { engineWith } = require('./support/engine')
const { expectBadArgument, rejection, thrownBy } = require('./support/rejection')

describe('bad arguments', () => {
  const MADE = [
    ['no scriptId', [], TypeError, /"scriptId" argument.*undefined/],
    ['a scriptId that is no string', [1], TypeError, /"scriptId"/],
    ['an empty scriptId', [''], RangeError, /"scriptId"/],
    ['a scriptId with a control character', ['a\n'], RangeError, /"scriptId"/],
    ['options that are null', ['x', null], TypeError, /"options" argument/],
    ['options that are no object', ['x', 5], TypeError, /"options" argument/],
    ['an unknown option', ['x', { memorylimit: 2 ** 20 }], TypeError, /did you mean 'memoryLimit'/],
    ['a signal, which is for a run', ['x', { signal: new AbortController().signal }], TypeError, /'signal'/],
    ['args, which are for a run', ['x', { args: [] }], TypeError, /'args'/],
    ['a timeout of 0', ['x', { timeout: 0 }], RangeError, /"options.timeout"/],
    ['a memoryLimit that is too small', ['x', { memoryLimit: 1000 }], RangeError, /"options.memoryLimit"/],
    ['an empty name', ['x', { name: '' }], RangeError, /"options.name"/],
    ['globals that are an array', ['x', { globals: [] }], TypeError, /"options.globals"/],
    ['globals that are a Map', ['x', { globals: new Map() }], TypeError, /"options.globals"/],
    ['a maxPending below 0', ['x', { maxPending: -1 }], RangeError, /"options.maxPending".*calls from 0/],
    ['a maxFunctions that is too high', ['x', { maxFunctions: 65_536 }], RangeError, /from 0 to 65535/],
    ['functions that are no boolean', ['x', { functions: 'yes' }], TypeError, /"options.functions".*a boolean/],
    ['globals that cannot cross', ['x', { globals: { a: { f() {} } } }], TypeError, /options\.globals\.a\.f/],
  ]

  test.each(MADE)('createContext: %s', (_what, args, ErrorClass, message) => {
    const engine = engineWith()
    expectBadArgument(
      thrownBy(() => engine.createContext(...args)),
      ErrorClass,
      message,
    )
  })

  const CALLED = [
    ['run: no code', (context) => context.run(), TypeError, /"code" argument/],
    ['run: code that is no text', (context) => context.run(1), TypeError, /"code" argument/],
    ['run: a lone surrogate', (context) => context.run('\ud800'), RangeError, /lone surrogate/],
    ['run: options that are null', (context) => context.run('', null), TypeError, /"options" argument/],
    ['run: an unknown option', (context) => context.run('', { timeOut: 1 }), TypeError, /did you mean 'timeout'/],
    ['run: a memoryLimit', (context) => context.run('', { memoryLimit: 2 ** 21 }), TypeError, /'memoryLimit'/],
    ['run: an empty name', (context) => context.run('', { name: '' }), RangeError, /"options.name"/],
    ['run: functions that are no boolean', (context) => context.run('', { functions: 1 }), TypeError, /a boolean/],
    ['run: a timeout of -1', (context) => context.run('', { timeout: -1 }), RangeError, /"options.timeout"/],
    ['run: a signal that is none', (context) => context.run('', { signal: {} }), TypeError, /"options.signal"/],
    ['run: args that are no array', (context) => context.run('', { args: 5 }), TypeError, /"options.args"/],
    ['run: source that is too long', (context) => context.run(' '.repeat(2 ** 20 + 1)), RangeError, /maxSource/],
    ['call: no name', (context) => context.call(), TypeError, /"name" argument/],
    ['call: an empty name', (context) => context.call(''), RangeError, /"name" argument/],
    ['call: too many arguments', (context) => context.call('f', ...Array(1001).fill(1)), RangeError, /at most 1000/],
    ['call: an argument that cannot cross', (context) => context.call('f', { a: Date }), TypeError, /^args\[0\]\.a is/],
    ['call: two dots', (context) => context.call('a..b'), RangeError, /with dots between them\. Received 'a\.\.b'/],
    ['call: too many parts', (context) => context.call(`${'a.'.repeat(32)}a`), RangeError, /up to 32 names/],
    ['apply: no name', (context) => context.apply(), TypeError, /"name" argument/],
    [
      'apply: args that are no array',
      (context) => context.apply('f', 5),
      TypeError,
      /"args" argument must be an array/,
    ],
    ['apply: args that are null', (context) => context.apply('f', null), TypeError, /"args" argument must be an array/],
    ['apply: too many args', (context) => context.apply('f', Array(1001).fill(1)), RangeError, /at most 1000/],
    ['apply: an argument that cannot cross', (context) => context.apply('f', [1, Date]), TypeError, /^args\[1\] is/],
    ['apply: options that are null', (context) => context.apply('f', [], null), TypeError, /"options" argument/],
    [
      'apply: an unknown option',
      (context) => context.apply('f', [], { timeOut: 1 }),
      TypeError,
      /did you mean 'timeout'/,
    ],
    [
      'apply: args in the options',
      (context) => context.apply('f', [], { args: [] }),
      TypeError,
      /unknown option 'args'/,
    ],
    ['apply: a signal that is none', (context) => context.apply('f', [], { signal: 1 }), TypeError, /"options.signal"/],
    ['get: a dot at the end', (context) => context.get('a.'), RangeError, /"name" argument/],
    ['set: a dot at the beginning', (context) => context.set('.a', 1), RangeError, /"name" argument/],
    ['get: a symbol', (context) => context.get(Symbol('n')), TypeError, /"name" argument/],
    ['get: a lone surrogate', (context) => context.get('\ud800'), RangeError, /"name" argument/],
    ['set: a number', (context) => context.set(1, 1), TypeError, /"name" argument/],
    ['set: an empty name', (context) => context.set('', 1), RangeError, /"name" argument/],
  ]

  test.each(CALLED)('%s', async (_what, call, ErrorClass, message) => {
    const context = contextWith()
    expectBadArgument(await rejection(call(context)), ErrorClass, message)
    expect(await valueIn(context.run('return 1'))).toBe(1)
  })

  test('a run never throws, it rejects', async () => {
    const context = contextWith()
    const calls = [() => context.run(1), () => context.call(), () => context.get(), () => context.set()]
    for (const call of calls) await rejection(call())
  })

  test('members need a Context for their this', async () => {
    for (const name of ['run', 'call', 'apply', 'get', 'set', 'memory', 'close']) {
      expect(await rejection(Context.prototype[name].call({}, 'x'))).toBeInstanceOf(TypeError)
    }
  })
})

test('a Context is an instance of Context, which cannot be constructed', () => {
  const context = contextWith()
  expect(context).toBeInstanceOf(Context)
  expect(Object.keys(context)).toEqual([])
  for (const args of [
    [],
    [{}],
    [{ execute() {}, scriptId: 'x', options: {} }, Symbol('made by engine.createContext')],
  ]) {
    expect(() => new Context(...args)).toThrow(/A Context cannot be constructed/)
  }
  expect(() => new context.constructor({ execute() {}, scriptId: 'x', options: {} })).toThrow(/cannot be constructed/)
})
