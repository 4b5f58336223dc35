import { existsSync } from 'node:fs'

/**
 * The socket of the container engine, as `docker` finds it: DOCKER_HOST, else the usual places of Docker, balenaEngine and
 * Podman.
 */
export function engineAddress(
  environment: Readonly<Record<string, string | undefined>>,
  warn: (text: string) => void,
): { readonly socketPath: string } {
  const named = environment.DOCKER_HOST ?? environment.CONTAINER_HOST ?? ''
  if (named !== '') {
    const path = named.startsWith('unix://') ? named.slice('unix://'.length) : named
    if (path.startsWith('/')) return { socketPath: path }
    warn(`DOCKER_HOST=${named} is no unix socket and is not used; write unix:///path/to/docker.sock`)
  }
  const own = environment.XDG_RUNTIME_DIR === undefined ? [] : [`${environment.XDG_RUNTIME_DIR}/podman/podman.sock`]
  const found = [...usualPlaces, ...own].find((path) => existsSync(path))
  return { socketPath: found ?? usualPlaces[0] }
}

const usualPlaces = ['/var/run/docker.sock', '/var/run/balena-engine.sock', '/run/podman/podman.sock'] as const
