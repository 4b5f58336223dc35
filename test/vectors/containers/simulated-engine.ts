import type { ImageConfig } from '../../../src/core/containers/model.ts'
import type { CreateBody } from '../../../src/formats/container/create-body.ts'
import type { EngineJson } from '../../real/docker/engine-api.ts'

/** What dockerd makes of a body that it takes, as the recorded vectors show it. It refuses nothing. */
export function simulatedInspect({ body, connects }: CreateBody, image: ImageConfig, id: string): EngineJson {
  const { HostConfig: host, NetworkingConfig: networking, ...config }: EngineJson = body
  const joined = Object.fromEntries(connects.map(({ network, endpoint }) => [network, endpoint]))
  const isOwn = ['default', 'bridge', 'host', 'none'].includes(host.NetworkMode)
  const endpoints = isOwn ? { bridge: {} } : { ...networking?.EndpointsConfig, ...joined }
  return {
    Id: id,
    Name: '/shop-web-1',
    Created: '2026-01-02T03:04:05.6Z',
    Image: body === null ? '' : config.Image,
    State: { Status: 'created', Pid: 0, StartedAt: '0001-01-01T00:00:00Z', FinishedAt: '0001-01-01T00:00:00Z' },
    Config: { ...config, ...mergedConfig(config, image), Hostname: config.Hostname ?? id.slice(0, 12) },
    HostConfig: {
      ...{ LogConfig: { Type: 'json-file', Config: {} }, IpcMode: 'private', CgroupnsMode: 'host', Runtime: 'runc' },
      ...{ ShmSize: 67_108_864, Binds: null, Devices: null, Init: null },
      ...host,
      ...(host.Memory !== undefined && host.MemorySwap === undefined ? { MemorySwap: 2 * host.Memory } : {}),
    },
    NetworkSettings: { Networks: host.NetworkMode.startsWith('container:') ? {} : endpoints },
  }
}

function mergedConfig(config: EngineJson, image: ImageConfig): EngineJson {
  const isOverridden = (config.Entrypoint?.length ?? 0) > 0
  const declared = new Set((config.Env ?? []).map((text: string) => text.split('=', 1)[0]))
  const inherited = Object.entries(image.environment).filter(([name]) => !declared.has(name))
  const entrypoint = config.Entrypoint ?? image.entrypoint
  return {
    Env: [...(config.Env ?? []), ...inherited.map(([name, value]) => `${name}=${value}`)],
    Labels: { ...image.labels, ...config.Labels },
    Entrypoint: entrypoint?.length === 1 && entrypoint[0] === '' ? null : entrypoint,
    Cmd: config.Cmd?.length > 0 || isOverridden ? config.Cmd : image.command,
    User: config.User ?? image.user,
    WorkingDir: config.WorkingDir ?? image.workingDir,
    StopSignal: config.StopSignal ?? image.stopSignal,
    Healthcheck: config.Healthcheck,
    Volumes: { ...config.Volumes, ...Object.fromEntries(image.volumes.map((target) => [target, {}])) },
    ExposedPorts: { ...config.ExposedPorts, ...Object.fromEntries(image.expose.map((port) => [port, {}])) },
  }
}
