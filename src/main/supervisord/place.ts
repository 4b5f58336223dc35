import type { Target } from '../../core/model.ts'
import type { OutputNews } from '../../engine/ports.ts'
import type { DecodeAnswer } from '../decode-child.ts'
import type { SupervisordFrontend, SupervisordParts } from './frontend.ts'

/** Where the frontend is, once there is a use for it: whoever has neither files of supervisord's nor listeners never loads it. */
export interface SupervisordPlace {
  /** Whether there was a daemon before us that did not end in order: what it knew goes on. */
  isGoingOn(): boolean
  /** null: there was no use for it yet. */
  frontend(): SupervisordFrontend | null
  need(): Promise<SupervisordFrontend>
  output(news: OutputNews): void
  /** Before what the files declare is put in force. */
  preparing(files: Pick<DecodeAnswer, 'target' | 'supervisord'>): Promise<void>
  /** Before what was in force goes on. */
  goingOn(target: Target): Promise<void>
  applied(files: Pick<DecodeAnswer, 'target' | 'supervisord'>): Promise<void>
}

export function createSupervisordPlace(parts: SupervisordParts): SupervisordPlace {
  let frontend: SupervisordFrontend | null = null

  async function need(): Promise<SupervisordFrontend> {
    if (frontend !== null) return frontend
    const { createSupervisordFrontend } = await import('./frontend.ts')
    frontend ??= createSupervisordFrontend(parts)
    return frontend
  }

  return {
    isGoingOn: () => parts.kept.read().length > 0,
    frontend: () => frontend,
    need,
    output: (news) => frontend?.output(news),
    async preparing({ supervisord, target }) {
      if (supervisord.length > 0 || hasListeners(target)) await need()
    },
    async goingOn(target) {
      if (hasListeners(target)) await need()
    },
    applied: async (files) => frontend?.applied(files),
  }
}

function hasListeners({ apps }: Target): boolean {
  return Object.values(apps).some(({ listener }) => listener !== undefined)
}
