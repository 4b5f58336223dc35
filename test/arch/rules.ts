import type { Token } from '../mutants/tokens.ts'
import type { Module } from './modules.ts'
import { entry, forbiddenInDaemon, importTable, notTheDaemon, packageOwners, sleepsAllowed, wiring } from './table.ts'

/** Each rule names what breaks it as `file:line: what is wrong and what to do`; nothing to say is an empty list. */
export type Rule = (modules: readonly Module[]) => readonly string[]

export const folders: Rule = (modules) =>
  sources(modules).flatMap((module) => {
    if (isBelow(module.path, wiring)) return []
    const folder = folderOf(module.path)
    const allowed = importTable[folder]
    if (allowed === undefined)
      return [`${module.path}:1: src/${folder} is not in the import table (test/arch/table.ts)`]
    return module.imports
      .filter((each) => each.target !== null && !isAllowed(folder, allowed, each.target, each.isTypeOnly))
      .map(
        (each) => `${module.path}:${each.line}: ${folder} may not import ${each.target}; it may: ${allowed.join(' ')}`,
      )
  })

export const packages: Rule = (modules) =>
  sources(modules).flatMap((module) =>
    module.imports
      .filter(
        (each) =>
          !(packageOwners[each.specifier] === undefined || module.path.startsWith(packageOwners[each.specifier]!)),
      )
      .map((each) => `${module.path}:${each.line}: only ${packageOwners[each.specifier]} may import ${each.specifier}`),
  )

export const specifiers: Rule = (modules) =>
  modules.flatMap((module) =>
    module.imports
      .filter((each) => (each.target === null ? /^(?:#|~|@\/|\/)/.test(each.specifier) : !each.target.endsWith('.ts')))
      .map((each) => `${module.path}:${each.line}: write '${each.specifier}' as a relative path that ends in .ts`),
  )

export const cycles: Rule = (modules) => {
  const byPath = new Map(modules.map((module) => [module.path, module]))
  const done = new Set<string>()
  const found: string[] = []
  const visit = (module: Module, trail: readonly string[]) => {
    if (trail.includes(module.path)) {
      const cycle = [...trail.slice(trail.indexOf(module.path)), module.path]
      found.push(`${module.path}:1: an import cycle: ${cycle.join(' → ')}`)
      return
    }
    if (done.has(module.path)) return
    for (const each of module.imports) {
      const target = each.target === null ? undefined : byPath.get(each.target)
      if (target !== undefined) visit(target, [...trail, module.path])
    }
    done.add(module.path)
  }
  for (const module of modules) visit(module, [])
  return found
}

export const barrels: Rule = (modules) =>
  modules
    .filter((module) => module.imports.some((each) => each.isReexport) && !module.tokens.some(declares))
    .map((module) => `${module.path}:1: only passes on what others export; import from the file that has it`)

export const defaultExports: Rule = (modules) =>
  modules.flatMap((module) =>
    module.tokens
      .filter((token, at) => token.text === 'export' && module.tokens[at + 1]?.text === 'default')
      .map((token) => `${module.path}:${token.line}: a default export has no name; export it by name`),
  )

export const purity: Rule = (modules) =>
  sources(modules)
    .filter((module) => module.path.startsWith('src/core/'))
    .flatMap((module) => [
      ...module.imports
        .filter((each) => each.target === null)
        .map((each) => `${module.path}:${each.line}: core imports only core and base, not ${each.specifier}`),
      ...module.runTokens.flatMap((token, at) => {
        const impurity = impurityAt(module.runTokens, at)
        return impurity === null ? [] : [`${module.path}:${token.line}: ${impurity}`]
      }),
    ])

/** The files the daemon loads, now or later, starting from main.ts. */
export function daemonModules(modules: readonly Module[]): readonly Module[] {
  const byPath = new Map(sources(modules).map((module) => [module.path, module]))
  const reached = new Set<Module>()
  const visit = (path: string) => {
    const module = byPath.get(path)
    if (module === undefined || reached.has(module) || isBelow(path, notTheDaemon)) return
    reached.add(module)
    for (const each of module.imports) if (each.target !== null && !each.isTypeOnly) visit(each.target)
  }
  visit(entry)
  return [...reached]
}

export const daemonImports: Rule = (modules) =>
  daemonModules(modules).flatMap((module) => [
    ...module.imports
      .filter((each) => !each.isTypeOnly && forbiddenFor(each.specifier) !== undefined)
      .map(
        (each) => `${module.path}:${each.line}: the daemon loads ${each.specifier}; ${forbiddenFor(each.specifier)}`,
      ),
    ...module.runTokens
      .filter(
        (token, at) => token.text === 'fetch' && isFree(module.runTokens, at) && follows(module.runTokens, at, '('),
      )
      .map((token) => `${module.path}:${token.line}: the daemon calls fetch; ${forbiddenInDaemon.undici}`),
  ])

export const sleeps: Rule = (modules) =>
  modules
    .filter((module) => module.path.startsWith('test/') || module.path.endsWith('.test.ts'))
    .filter((module) => sleepsAllowed[module.path] === undefined)
    .flatMap((module) =>
      sleepsIn(module).map((line) => `${module.path}:${line}: a wait by the clock; wait for an event or a condition`),
    )

/** Allowed waits that no file has any more would hide the next one. */
export const staleSleeps: Rule = (modules) =>
  Object.keys(sleepsAllowed)
    .filter((path) => !modules.some((module) => module.path === path && sleepsIn(module).length > 0))
    .map((path) => `test/arch/table.ts:1: ${path} has no wait by the clock: take it from the list`)

// ---- helpers -------------------------------------------------------------------------------------------------

function sources(modules: readonly Module[]): readonly Module[] {
  return modules.filter((module) => module.path.startsWith('src/') && !module.path.endsWith('.test.ts'))
}

function isBelow(path: string, places: readonly string[]): boolean {
  return places.some((place) => (place.endsWith('/') ? path.startsWith(place) : path === place))
}

function folderOf(path: string): string {
  return path.split('/')[1]!
}

function isAllowed(folder: string, allowed: readonly string[], target: string, isTypeOnly: boolean): boolean {
  const inSource = target.replace(/^src\//, '')
  const reaches = (path: string) => (path.endsWith('/') ? inSource.startsWith(path) : inSource === path)
  return (
    reaches(`${folder}/`) ||
    allowed.some((each) => (each.startsWith('type ') ? isTypeOnly && reaches(each.slice(5)) : reaches(each)))
  )
}

function forbiddenFor(specifier: string): string | undefined {
  return forbiddenInDaemon[specifier] ?? forbiddenInDaemon[`node:${specifier}`]
}

const declarations = new Set(['const', 'let', 'function', 'class', 'interface', 'enum', 'if', 'for', 'await', 'test'])

function declares(token: Token, at: number, tokens: readonly Token[]): boolean {
  if (token.kind !== 'word') return false
  if (token.text === 'type')
    return (
      tokens[at + 1]?.kind === 'word' &&
      tokens[at + 2]?.text !== 'from' &&
      tokens[at - 1]?.text !== '{' &&
      tokens[at - 1]?.text !== ','
    )
  return declarations.has(token.text)
}

const timers = ['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask']
// `process` is also the name of a service's settings: only what Node's object has, and they do not, is a finding.
const processMembers = new Set(Object.keys(process).filter((name) => name !== 'umask'))

function impurityAt(tokens: readonly Token[], at: number): string | null {
  const token = tokens[at]!
  if (token.kind !== 'word' || !isFree(tokens, at)) return null
  const member = follows(tokens, at, '.') ? tokens[at + 2]!.text : null
  if (token.text === 'class') return 'no classes in core: plain data and functions'
  if (token.text === 'async' || token.text === 'await') return 'core never waits: it answers at once'
  if (token.text === 'Date' || token.text === 'performance') return 'core has no clock: time is an argument'
  if (timers.includes(token.text)) return 'core has no timers: deadlines are fields, and nextWake names the next'
  if (token.text === 'Math' && member === 'random') return 'core has no randomness: pass what must differ'
  if (token.text === 'crypto') return 'core has no randomness: pass what must differ'
  if (token.text === 'process' && member !== null && processMembers.has(member))
    return `core knows no process.${member}`
  if (token.text === 'globalThis') return 'core touches nothing but its arguments'
  return null
}

/** Not the name of a member or of a key. */
function isFree(tokens: readonly Token[], at: number): boolean {
  return !['.', '?.'].includes(tokens[at - 1]?.text ?? '') && !follows(tokens, at, ':')
}

function follows(tokens: readonly Token[], at: number, text: string): boolean {
  return tokens[at + 1]?.text === text
}

/** The lines of a test that wait for nothing but time to pass. A timer that only rejects is a deadline, and fine. */
function sleepsIn(module: Module): readonly number[] {
  const tokens = module.runTokens
  // Its setImmediate lets the loop turn once: that is no wait by the clock.
  const promises = module.imports.some((each) => /^(node:)?timers\/promises$/.test(each.specifier))
  return tokens
    .filter((token, at) => {
      if (promises && (token.text === 'setTimeout' || token.text === 'scheduler')) return true
      if (token.text === 'Atomics') return tokens[at + 2]?.text.startsWith('wait') === true
      if (token.text === 'promisify') return tokens[at + 2]?.text === 'setTimeout'
      return token.text === 'setTimeout' && resolvesAt(tokens, at)
    })
    .map((token) => token.line)
}

/** Whether the timer at `at` calls the first parameter of the promise it is made in, or a `resolve`. */
function resolvesAt(tokens: readonly Token[], at: number): boolean {
  const before = tokens
    .slice(0, at)
    .findLastIndex((token, each) => token.text === 'new' && tokens[each + 1]?.text === 'Promise')
  const afterPromise = tokens.slice(before + 2, before + 12).filter((token) => token.kind === 'word')
  const names = before === -1 ? ['resolve'] : ['resolve', afterPromise[0]?.text ?? 'resolve']
  const callee =
    tokens[at + 2]?.text === '(' ? tokens.slice(at + 2, at + 9).find((token) => token.kind === 'word') : tokens[at + 2]
  return callee !== undefined && names.includes(callee.text)
}
