import { configured } from './config.ts'
import { conform, type Pair } from './conform.ts'
import { accepted, refused } from './refusals.ts'

const kept = '[program:kept]\ncommand=/bin/sleep 1000\nstartsecs=0\n'

function rereading(name: string, texts: readonly (readonly [what: string, text: string])[]): Pair {
  return {
    name,
    config: configured(kept),
    environment: { CONFORM: 'of the daemon' },
    scenes: {
      'what is said': async (scene) => {
        await scene.untilState('kept', 'RUNNING')
        for (const [what, text] of texts) {
          await scene.act(what, () => scene.configure(configured(kept + text)))
          await scene.rpc('supervisor.reloadConfig')
        }
        await scene.rpc('supervisor.getAllConfigInfo')
        await scene.ctl('reread')
        await scene.ctl('update')
        await scene.see('kept')
      },
    },
  }
}

const read: Pair = {
  name: 'configurations that are accepted',
  config: configured(''),
  environment: { CONFORM: 'of the daemon' },
  scenes: {
    'what becomes of them': async (scene) => {
      for (const [what, text] of Object.entries(accepted)) {
        await scene.act(what, () => scene.configure(configured(text)))
        await scene.rpc('supervisor.reloadConfig')
        await scene.rpc('supervisor.getAllConfigInfo')
      }
    },
  },
}

conform('refusals', [rereading('configurations that are refused', Object.entries(refused)), read])
