import { type StartSupervisor, startSupervisor } from './supervisor.ts'
import { tool } from './tools.ts'

export const startOriginal: StartSupervisor = (place) => startSupervisor(place, [tool('runsvdir'), place.services])
