import type {
  ContainerHealthcheck,
  ContainerSettings,
  ContainerSpec,
  ImageConfig,
} from '../../../core/containers/model.ts'

/** What a new container of an image has: what is declared, and for the rest what the image says. */
export function overlay(
  { settings }: Pick<ContainerSpec, 'settings'>,
  image: ImageConfig,
  made: { readonly marks: Readonly<Record<string, string>>; readonly containers: Readonly<Record<string, string>> },
): ContainerSettings {
  const shared = (mode: string | null) => ofContainer(mode, made.containers)
  const { networkMode } = settings
  const container = networkMode.kind === 'service' ? made.containers[networkMode.service] : undefined
  return {
    ...settings,
    // Whoever gives an entrypoint of his own does not get the image's arguments.
    command: settings.command ?? (settings.entrypoint === null ? image.command : null),
    entrypoint: settings.entrypoint ?? image.entrypoint,
    environment: { ...image.environment, ...settings.environment },
    labels: { ...image.labels, ...settings.labels, ...made.marks },
    user: settings.user ?? (image.user === '' ? null : image.user),
    workingDir: settings.workingDir ?? (image.workingDir === '' ? null : image.workingDir),
    stopSignal: settings.stopSignal ?? image.stopSignal,
    healthcheck: checked(settings.healthcheck, image.healthcheck),
    expose: [...new Set([...image.expose, ...settings.expose, ...published(settings)])],
    memorySwapBytes: swapOf(settings),
    networkMode: container === undefined ? networkMode : { kind: 'container', container },
    ipc: shared(settings.ipc),
    pid: shared(settings.pid),
  }
}

function published({ ports }: ContainerSettings): readonly string[] {
  return ports.map(({ containerPort, protocol }) => `${containerPort}/${protocol}`)
}

/** Of whom nothing is said of swap the engine gives as much as memory. */
export function swapOf({ memoryBytes, memorySwapBytes }: Partial<ContainerSettings>): number | null {
  return memorySwapBytes ?? (memoryBytes == null ? null : 2 * memoryBytes)
}

function ofContainer(mode: string | null, containers: Readonly<Record<string, string>>): string | null {
  if (!mode?.startsWith('service:')) return mode
  const container = containers[mode.slice('service:'.length)]
  return container === undefined ? mode : `container:${container}`
}

function checked(
  own: ContainerSettings['healthcheck'],
  image: ImageConfig['healthcheck'],
): ContainerSettings['healthcheck'] {
  if (own === 'none') return 'none'
  if (own === null || image === null || image === 'none') return own ?? image
  const put = <K extends keyof ContainerHealthcheck>(key: K): ContainerHealthcheck[K] => own[key] ?? image[key]
  return {
    test: put('test'),
    intervalMs: put('intervalMs'),
    timeoutMs: put('timeoutMs'),
    startPeriodMs: put('startPeriodMs'),
    startIntervalMs: put('startIntervalMs'),
    retries: put('retries'),
  }
}
