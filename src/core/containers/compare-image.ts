import type { ContainerHealthcheck, ContainerSettings, EngineContainer, ImageConfig } from './model.ts'

/** What a container of an image has, if it is made with these settings: as the engine puts the two together. */
export function overlayImage(settings: ContainerSettings, image: ImageConfig): ImageConfig {
  return {
    ...argumentsOf(settings, image),
    environment: { ...image.environment, ...settings.environment },
    labels: { ...image.labels, ...settings.labels },
    user: settings.user || image.user,
    workingDir: settings.workingDir || image.workingDir,
    stopSignal: settings.stopSignal ?? image.stopSignal,
    healthcheck: overlayHealthcheck(settings.healthcheck, image.healthcheck),
    volumes: image.volumes,
    expose: [
      ...image.expose,
      ...settings.expose,
      ...settings.ports.map(({ containerPort, protocol }) => `${containerPort}/${protocol}`),
    ],
  }
}

/** Nobody knows the image any more: what is not declared is taken to be its. */
export function imageOf({ settings }: EngineContainer): ImageConfig {
  const anonymous = settings.mounts.filter((mount) => mount.kind === 'volume' && mount.engineName === null)
  return {
    ...settings,
    user: settings.user ?? '',
    workingDir: settings.workingDir ?? '',
    volumes: anonymous.map(({ target }) => target),
  }
}

/**
 * The command of the image goes with the entrypoint of the image: another entrypoint drops it, and `[]` does not (moby,
 * `runconfig` and `daemon.mergeAndVerifyConfig`; `['']` is another entrypoint, and then none).
 */
function argumentsOf(
  { command, entrypoint }: ContainerSettings,
  image: ImageConfig,
): Pick<ImageConfig, 'command' | 'entrypoint'> {
  const isOverridden = entrypoint !== null && entrypoint.length > 0
  const own = command === null || command.length === 0 ? null : command
  const isNone = entrypoint?.length === 0 || (entrypoint?.length === 1 && entrypoint[0] === '')
  return {
    command: own ?? (isOverridden ? null : image.command),
    entrypoint: isNone ? null : (entrypoint ?? image.entrypoint),
  }
}

type Healthcheck = ContainerHealthcheck | 'none' | null

/** Field by field; 0 and nothing both leave it to the image. */
function overlayHealthcheck(own: Healthcheck, image: Healthcheck): Healthcheck {
  if (own === 'none') return 'none'
  if (own === null) return image
  if (image === null || image === 'none') {
    const isLeftOut = own.test === null || own.test.length === 0
    return image === 'none' && isLeftOut ? 'none' : own
  }
  return {
    test: own.test === null || own.test.length === 0 ? image.test : own.test,
    intervalMs: own.intervalMs || image.intervalMs,
    timeoutMs: own.timeoutMs || image.timeoutMs,
    startPeriodMs: own.startPeriodMs || image.startPeriodMs,
    startIntervalMs: own.startIntervalMs || image.startIntervalMs,
    retries: own.retries || image.retries,
  }
}
