/**
 * Where docker-compose 1.29.2, the last one in Python, and Holdfast, which follows its successors, read a project in another
 * way. docs/configuration.md tells a reader the same. One that no longer shows is a failure.
 */
export interface Difference {
  /** The name of a project; `*`: any, and it need not show. */
  readonly project: string
  /** The beginning of the path of a field: `services.a.container.settings.labels`. */
  readonly field: string
  readonly reason: string
}

export const differences: readonly Difference[] = [
  {
    project: 'an env file with variables',
    field: 'services.a.container.settings.environment.A',
    reason: 'variables are put into files of env_file: as version 2 does, and as the Compose Specification has it',
  },
  {
    project: 'a variable inside of a default',
    field: 'services.a.container.settings.labels.a',
    reason: 'what stands for a variable may have variables itself: as version 2 does',
  },
  {
    project: 'a variable inside of a default',
    field: 'services.a.labels.a',
    reason: 'the same label, as commands select by it',
  },
  {
    project: 'an override of secrets',
    field: 'services.a.container.settings.mounts',
    reason:
      'secrets and configs are the same where their targets are, as the Compose Specification has it; to version 1 their sources count',
  },
]
