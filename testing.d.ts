// The types of moonpool/testing, written by hand and checked by __tests__/types.

import type {
  CloseOptions,
  Engine,
  EngineOptions,
  HostContext,
  LuaInput,
  ModuleSources,
  RunResult,
  Script,
  StateSpace,
  ValueRunOptions,
} from './index.js'

/**
 * Makes what tests of scripts need: an engine whose host functions are fakes that record their calls, whose clock stands
 * still, and whose runs repeat. It needs no test runner, and works with all of them. See
 * [docs/testing.md](docs/testing.md).
 *
 * @throws {TypeError} for an option of the wrong type, or an unknown one.
 * @throws {RangeError} for a fake whose name is none of a host function, or in the way of another.
 *
 * @example
 * ```js
 * import { createTester } from 'moonpool/testing'
 *
 * const tester = createTester({ functions: { rates: { of: (_context, currency) => (currency === 'EUR' ? 2 : 1) } } })
 * const { value, calls } = await tester.run('return 3 * host.rates.of("EUR")')
 * console.log(value, calls.length) // 6 1
 * console.log(calls[0].name, calls[0].args[0]) // rates.of EUR
 * await tester.close()
 * ```
 */
export function createTester(options?: TesterOptions): Tester

/**
 * Answers of a fake, one for each call, in turn. One that is an `Error` is thrown. A call after the last one fails.
 */
export function sequence(...answers: unknown[]): Sequence

/** What {@link sequence} makes. */
export interface Sequence {
  /** Only {@link sequence} makes one. */
  readonly take: (name: string) => unknown
}

/** What a fake of a host function does: it calls a function, gives answers in turn, or always the same answer. */
// biome-ignore lint/suspicious/noExplicitAny: arguments are of whatever types the function says.
export type Fake = ((context: HostContext, ...args: any[]) => unknown) | Sequence | LuaInput | Error

/** Fakes by name, in groups or under names with dots: `{ db: { get } }` is `{ 'db.get': get }`. */
export interface Fakes {
  [name: string]: Fake | Fakes
}

/** The options of a tester: its own, and those of its {@link Engine}. */
export interface TesterOptions extends EngineOptions {
  /**
   * The host functions: functions as `engine.expose` takes them, mocks of a test runner too; or what they answer. A plain
   * object is a group of functions, and not an answer.
   * @defaultValue none
   */
  functions?: Fakes | undefined
  /**
   * Modules that the scripts require: their sources by name.
   * @defaultValue none
   */
  modules?: ModuleSources | undefined
  /**
   * What the clock begins with, as in {@link Repeating}.
   * @defaultValue the beginning of the year 2000, in UTC
   */
  now?: number | Date | undefined
  /**
   * The seed of each run, as in {@link Repeating}.
   * @defaultValue 1
   */
  seed?: number | undefined
}

/** A call of a host function by a script. */
export interface FakeCall {
  /** The function, as `'db.get'`. */
  name: string
  /** What it was given, without the context. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look at what they expect.
  args: any[]
  /** Who called it. */
  scriptId: string
  /** What it answered, once it has. */
  result?: unknown
  /** What it threw, if it did. */
  error?: unknown
}

/** The clock of a tester, which stands still. */
export interface TesterClock {
  /** In milliseconds since 1970. */
  readonly now: number
  /** Sets it: what the next runs begin with. */
  set(time: number | Date): void
  /** Sets it forward by so many milliseconds, or with a negative number back. */
  advance(ms: number): void
}

/** What {@link createTester} makes. */
export interface Tester {
  /** Its engine, for all else: contexts, grants, shared dictionaries. */
  readonly engine: Engine
  /** What its runs begin with. */
  readonly clock: TesterClock
  /** The calls of host functions by all runs since it was made or reset, in their order. */
  readonly calls: FakeCall[]
  /**
   * Runs a script, as {@link Engine.run}, with the fakes, the clock and the seed of the tester. `now`, `seed` and `modules`
   * may be given for one run.
   *
   * @param scriptId `'test'` by default.
   * @throws {LuaError} (rejects) as {@link Engine.run}. Where a script calls a function that is not faked, an `Error` says
   *   which, and which there are; its `cause` is the {@link LuaError}.
   */
  run(
    code: string | Uint8Array | Script,
    scriptId?: string,
    options?: Omit<ValueRunOptions, 'host'>,
  ): Promise<TesterResult>
  /**
   * Replaces a fake, or adds one, for the runs after this.
   * @param name As `'db.get'`.
   */
  fake(name: string, what: Fake): void
  /** The State of a `scriptId`, by default of `'test'`. */
  state(scriptId?: string): StateSpace
  /**
   * Forgets all calls, State, what shared dictionaries hold, grants and timers; the fakes and the clock are again as they were first. To be
   * called between tests.
   */
  reset(): Promise<void>
  /** Closes its engine. */
  close(options?: CloseOptions): Promise<void>
  /** As `close`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>
}

/** What came of a run, as {@link Engine.run} gives it, and what it called. */
export interface TesterResult extends RunResult {
  /** The calls of host functions by this run, in their order. */
  calls: FakeCall[]
}
