/**
 * Which role? The daemon and the command line are loaded only where they are meant, so that neither costs the other
 * anything. Nothing is imported above the check: an older Node has to get as far as its message.
 */
const refusal = refuseRuntime(process.versions.node, process.platform)
if (refusal === null) void run(process.argv.slice(2)).then(endWith)
else {
  process.stderr.write(`holdfast: ${refusal}\n`)
  endWith(69)
}

function endWith(code: number): void {
  process.exitCode = code
}

/** Why this program cannot run here, with the remedy; null: it can. */
function refuseRuntime(version: string, platform: string): string | null {
  if (platform !== 'linux') return `runs on Linux only, and this is ${platform}`
  if (Number(version.split('.')[0]) >= 24) return null
  return `needs Node 24 or newer, and this is ${version}; start it as bin/holdfast, which finds the Node that 'npm ci' installs`
}

async function run(args: readonly string[]): Promise<number> {
  const { splitLine } = await import('./wire/command-line.ts')
  const { leading, name, rest } = splitLine(args)
  const runit = asksForHelp(leading) ? null : runitProgram(name, rest)
  // So small that its compiled form would gain nothing.
  if (runit !== null) return (await import('./runit/main.ts')).runRunitProgram(runit, runit.args)
  if (name === 'supervisorctl' && !asksForHelp(leading)) {
    return (await import('./supervisorctl/main.ts')).runSupervisorctl(rest)
  }
  useCompiled()
  if (name === '__decode') return (await import('./main/decode-role.ts')).runDecode(rest)
  const version = await ownVersion()
  if (name === '__preflight') return (await import('./main/preflight-role.ts')).runPreflight(rest, version)
  const supervisord = supervisordCall(name, rest)
  if (supervisord !== null && !asksForHelp(leading)) {
    return (await import('./main/supervisord/role.ts')).runSupervisord(leading, supervisord, {
      ...{ version, launcher: await launcherPath() },
    })
  }
  if (name === 'daemon' && !asksForHelp(rest)) {
    return (await import('./main/daemon.ts')).runDaemon([...leading, ...rest], version)
  }
  if (name === 'runsvdir' && !asksForHelp(rest)) {
    return (await import('./main/daemon.ts')).runRunsvdir(leading, rest, version)
  }
  const { runCommandLine } = await import('./cli/main.ts')
  return runCommandLine(args, {
    version,
    launcher: await launcherPath(),
    replay: async (options) => (await import('./main/replay.ts')).replay(options),
    openImageEngine: async (options) => (await import('./main/image-engine.ts')).openImageEngine(options),
  })
}

function asksForHelp(words: readonly string[]): boolean {
  return words.includes('--help') || words.includes('-h')
}

/**
 * Whose arguments are nobody else's; null: this is none of runit's programs. Called by the name of one, bin/holdfast gives
 * `__runit PROGRAM NAME ARGUMENT…`.
 */
function runitProgram(word: string | undefined, rest: readonly string[]) {
  const isNamed = word === '__runit'
  const [program, name = program] = isNamed ? rest : [word]
  if (program !== 'sv' && program !== 'chpst' && program !== 'svlogd') return null
  return { program, name: name ?? program, args: isNamed ? rest.slice(2) : rest } as const
}

/** Called by that name, bin/holdfast gives `__supervisord PATH ARGUMENT…`. */
function supervisordCall(word: string | undefined, rest: readonly string[]) {
  if (word === 'supervisord') return { program: 'holdfast supervisord', args: rest }
  return word === '__supervisord' ? { program: rest[0] ?? 'supervisord', args: rest.slice(1) } : null
}

async function launcherPath(): Promise<string> {
  const { fileURLToPath } = await import('node:url')
  // Beside src/ as beside dist/.
  return fileURLToPath(new URL('../bin/holdfast', import.meta.url))
}

/** What the build had V8 leave beside dist/main.cjs; from source there is none. */
function useCompiled(): void {
  const directory = `${import.meta.dirname}/compiled`
  if (!process.getBuiltinModule('node:fs').existsSync(directory)) return
  process.getBuiltinModule('node:module').enableCompileCache({ directory, portable: true })
}

async function ownVersion(): Promise<string> {
  // An import would load its streams as well, which is milliseconds of each command.
  const { readFileSync } = process.getBuiltinModule('node:fs')
  // Beside src/ as beside dist/.
  const manifest: { readonly version: string } = JSON.parse(
    readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
  )
  return manifest.version
}
