/** What one host lets one process do to the processes it starts: plain data, so that it can be passed on and asked elsewhere. */
export interface Abilities {
  readonly uid: number
  /** CAP_SYS_RESOURCE: hard limits may be raised, and oom_score_adj lowered. */
  readonly mayRaiseLimits: boolean
  /** CAP_SYS_NICE: negative nice, and the realtime class of I/O. */
  readonly mayRaisePriority: boolean
  /** CAP_SYS_CHROOT */
  readonly mayChangeRoot: boolean
  /** The tools that are here, by name: their paths. */
  readonly tools: Readonly<Record<string, string>>
  /** The hard limits we have ourselves, by the names of getrlimit(2). null: unlimited. */
  readonly hardLimits: Readonly<Record<string, number | null>>
  /** No process at all may have more descriptors (fs.nr_open). */
  readonly descriptorsMax: number
  /** Our own. */
  readonly nice: number
  /** The lowest that is allowed without CAP_SYS_NICE. */
  readonly niceLowest: number
  /** The lowest that is allowed without CAP_SYS_RESOURCE. */
  readonly oomScoreAdjLowest: number
  /** The processors we may use, by number. */
  readonly cpus: readonly number[]
  readonly cgroup: CgroupAbilities
}

export interface CgroupAbilities {
  /** Of what limits something; null where nothing does. */
  readonly version: 'v2' | 'v1' | null
  readonly controllers: Readonly<Record<CgroupController, ControllerAbility>>
}

export type CgroupController = 'memory' | 'cpu' | 'pids' | 'io'

export type ControllerAbility =
  | {
      readonly kind: 'usable'
      readonly version: 'v2' | 'v1'
      /** What this kernel was built or started without. */
      readonly without: readonly ('swap' | 'quota' | 'weight')[]
    }
  | { readonly kind: 'unusable'; readonly why: string }
