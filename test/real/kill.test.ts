import { killCampaign } from './campaign.ts'
import { realTest } from './harness.ts'

// Other seeds are run by `npm run soak`; the moments themselves are never the same twice.
const seed = 20_261_121

realTest(
  'killed 100 times at random moments under load, nothing is restarted, doubled or lost',
  {},
  async (home, context) => {
    const result = await killCampaign(home, { kills: 100, seed })
    context.diagnostic(`seed ${seed}: ${JSON.stringify(result)}`)
  },
)
