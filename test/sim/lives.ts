import type { Command } from '../../src/core/model.ts'
import type { Process } from '../../src/drivers/fake/world.ts'
import type { Loss } from '../../src/store/faulty.ts'
import { nowOf } from './clock.ts'
import { rebootDock } from './containers/strikes.ts'
import { judge, judgeCrashedTurn, recordTurn } from './judge.ts'
import { createLife, drawCrash } from './life.ts'
import { drawScript, goodScript } from './script.ts'
import { note, rightOffsetMs, type Scenario } from './stage.ts'
import { hold, SimulatedCrash } from './violation.ts'

export async function startLife(scenario: Scenario): Promise<void> {
  const { random, time, world, dock, store, oracle, ledger } = scenario
  for (;;) {
    const isHeld = scenario.isHeldNext
    scenario.isHeldNext = false
    scenario.lastSeq = 0
    const life = createLife({
      random,
      time,
      world,
      dock,
      store,
      daemon: scenario.daemon,
      isOn: (kind) => scenario.isFaulty && scenario.mix.has(kind),
      scriptOf: (step) =>
        scenario.isFaulty
          ? drawScript(random, step, { has: (kind) => scenario.mix.has(kind), looping: scenario.looping })
          : goodScript(random, step),
      onCommit: (changes) => {
        if (changes === null) oracle.storeTrouble()
        else {
          oracle.storeHealthy()
          if (changes.runsReserved !== undefined) ledger.reserved(changes.runsReserved)
          for (const unit of changes.put) if (unit.run !== null) ledger.committed(unit.id, unit.run.n)
        }
      },
      onSpawn: (step) => {
        const beside = [...world.processes.values()].find(
          (process) => process.unit === step.unit && !process.isImpostor,
        )
        hold(
          beside === undefined,
          'at most one live process per slot',
          () => `${step.unit}: run ${step.run} beside run ${beside?.run}`,
        )
        for (const { unit, run } of world.processes.values()) {
          hold(
            run < step.run,
            'run numbers only grow',
            () => `${step.unit}: run ${step.run} while ${unit} lives as run ${run}`,
          )
        }
      },
      onTurn: (record) => recordTurn(scenario, record),
    })
    scenario.life = life
    if (scenario.isFaulty && scenario.mix.has('daemon-crash') && random.chance(0.1)) life.crash = drawCrash(random)
    else if (scenario.isFaulty && scenario.mix.has('upgrade') && random.chance(0.15))
      life.crash = { ...drawCrash(random), isUpgrade: true }
    try {
      await life.engine.start({ held: isHeld ? 'it died three times within a minute' : null })
    } catch (error) {
      if (!(error instanceof SimulatedCrash)) throw error
      if (life.crash?.isUpgrade) close(scenario, `upgraded ${error.message}`)
      else die(scenario, error.message, { kind: 'process' })
      continue
    }
    oracle.recovered(life.engine.snapshot())
    judge(scenario)
    return
  }
}

export async function dieAndComeBack(scenario: Scenario, why: string, loss: Loss = { kind: 'process' }): Promise<void> {
  const { random, time, mix } = scenario
  die(scenario, why, loss)
  const downMs = random.pick([0, 50, 500, 5_000])
  if (scenario.isFaulty && mix.has('wall-jump') && random.chance(0.15)) setWallClock(scenario)
  time.bootMs += scenario.isFaulty ? random.whole(0, downMs) : 0
  if (scenario.isFaulty && mix.has('held') && random.chance(0.5)) scenario.isHeldNext = true
  const isHeld = scenario.isHeldNext
  await startLife(scenario)
  const { mode } = scenario.life.engine.snapshot().state
  if (!isHeld && mode.kind === 'running' && random.chance(0.6)) {
    submit(scenario, { kind: 'set-target', target: scenario.declared, by: { kind: 'daemon' }, why: 'start' })
  }
}

/** Another version of the daemon takes over: the same process of the host, with the same children. */
export async function upgrade(scenario: Scenario, why: string): Promise<void> {
  const { random, time, world } = scenario
  close(scenario, `upgraded ${why}`)
  const lived = [...world.processes.values()].filter((process) => !process.isImpostor)
  time.bootMs += scenario.isFaulty ? random.whole(0, 60) : 0
  await startLife(scenario)
  untouchedByTheUpgrade(scenario, lived)
}

/** What lived goes on, as the run it was. */
function untouchedByTheUpgrade({ life }: Scenario, lived: readonly Process[]): void {
  const { units, found } = life.engine.snapshot().state
  for (const { unit, run, exit } of lived) {
    if (exit !== null) continue
    const isKnown = units.get(unit)?.run?.n === run || found.some((one) => one.unit === unit && one.run === run)
    hold(isKnown, 'an upgrade touches no process', () => `${unit} run ${run} is not known any more`)
  }
}

/** The end of a life. What the next one finds in the store is what was committed. */
function close(scenario: Scenario, why: string): void {
  const { life, oracle, ledger } = scenario
  note(scenario, why)
  if (life.turn !== null && !life.turn.isLost && !life.turn.isUnsure) judgeCrashedTurn(scenario, life.turn)
  const isStateLost = oracle.isTroubled() || life.turn?.isStoreFailing === true
  life.engine.close()
  life.turn = null
  if (isStateLost) ledger.forgetRestarts()
  ledger.daemonIsGone()
  for (const watch of scenario.watches) watch.lifeBegins({ isStateLost, isReboot: false })
  oracle.died()
}

function die(scenario: Scenario, why: string, loss: Loss): void {
  const { store, world, random, mix, oracle, ledger, time } = scenario
  close(scenario, `the daemon dies: ${why}`)
  scenario.daemon += 1
  const isRunStateLost = scenario.isFaulty && loss.kind === 'process' && mix.has('run-state-lost') && random.chance(0.3)
  store.crash(isRunStateLost ? { kind: 'emptied' } : loss)
  if (isRunStateLost) {
    ledger.forgetRestarts()
    oracle.runStateLost()
    for (const watch of scenario.watches) watch.lifeBegins({ isStateLost: true, isReboot: false })
  }
  if (!scenario.isFaulty || !mix.has('impostor')) return
  for (const unit of store.load().stored?.units ?? []) {
    if (unit.run === null || unit.run.identity !== null || !random.chance(0.7)) continue
    const main = [...world.processes.values()].find((one) => one.unit === unit.id && one.run === unit.run?.n)
    if (main === undefined) continue
    world.start({
      ...main,
      script: { ...main.script, livesMs: null },
      nowBootMs: time.bootMs,
      isImpostor: true,
    })
  }
}

export async function restartAfterStop(scenario: Scenario): Promise<void> {
  const { world } = scenario
  const left = [...world.processes.values()].filter((process) => !process.isImpostor)
  const { state } = scenario.life.engine.snapshot()
  for (const process of left) {
    const isLeftAlone =
      state.units.get(process.unit)?.phase === 'unresolved' || state.found.some((found) => found.run === process.run)
    hold(
      isLeftAlone,
      'everything is stopped at the end',
      () => `${process.unit} run ${process.run} lives after the daemon ended`,
    )
  }
  note(scenario, 'the daemon has ended as asked')
  close(scenario, 'another one is started')
  scenario.daemon += 1
  scenario.store.crash({ kind: 'process' })
  scenario.ledger.forgetRestarts()
  await startLife(scenario)
}

export function submit(scenario: Scenario, command: Command): void {
  const { life, oracle, time } = scenario
  const entry = oracle.submit(command, life.engine.snapshot(), time.bootMs)
  if (command.kind === 'set-target') scenario.declared = command.target
  life.engine.command(command).then(
    (snapshot) => entry.settle(snapshot),
    () => entry.settle('refused'),
  )
}

export async function reboot(scenario: Scenario): Promise<void> {
  const { time, world, ledger, oracle, random, mix } = scenario
  scenario.boots += 1
  time.bootId = `boot-${scenario.boots}`
  const wallMs = nowOf(time).wallMs + random.whole(500, 100_000)
  time.bootMs = random.whole(1_000, 9_000)
  time.wallOffsetMs = mix.has('wall-jump') && random.chance(0.2) ? 0 : wallMs - time.bootMs
  world.reboot(time.bootId)
  rebootDock(scenario)
  if (scenario.diskFreeBootMs !== null) scenario.diskFreeBootMs = time.bootMs
  const loss: Loss = random.chance(0.3) ? { kind: 'emptied' } : { kind: 'machine', commitsLost: random.whole(0, 6) }
  ledger.reboot()
  oracle.reboot()
  oracle.runStateLost()
  scenario.life.turn = null
  for (const watch of scenario.watches) watch.lifeBegins({ isStateLost: oracle.isTroubled(), isReboot: true })
  await dieAndComeBack(scenario, 'the host was reset', loss)
}

/** A little or a lot, forth or back, or as on a host without a clock of its own, and right again. */
export function setWallClock({ time, random }: Scenario): void {
  const littleMs = random.whole(50, 2_500)
  const jumpMs = random.pick([littleMs, littleMs, random.whole(1, 600_000), 3_600_000, 86_400_000])
  const relative = time.wallOffsetMs + (random.chance(0.5) ? jumpMs : -jumpMs)
  time.wallOffsetMs = random.pick([0, rightOffsetMs, relative, relative, relative])
}
