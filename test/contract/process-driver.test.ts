import { createBench, unitSpec } from '../../src/drivers/process/test-bench.ts'
import { type DriverHarness, driverContract } from './driver.ts'

driverContract('process', (): DriverHarness => {
  const bench = createBench()
  return {
    driver: bench.driver,
    spec(behaviour) {
      switch (behaviour.kind) {
        case 'lives':
          return unitSpec(['sleep', '1000'])
        case 'exits':
          return unitSpec(['sh', '-c', `exit ${behaviour.code}`])
        case 'cannot-start':
          return unitSpec(['/nowhere/program'])
      }
    },
    restart: bench.restart,
    async settle(isDone) {
      while (!isDone()) await new Promise((turn) => setTimeout(turn, 1))
    },
    close: bench.close,
  }
})
