import { plainProcess } from '../../src/core/target/plain.ts'
import { createBench, unitSpec, until } from '../../src/drivers/process/test-bench.ts'
import { type DriverHarness, driverContract } from './driver.ts'

driverContract('process', (): DriverHarness => {
  const bench = createBench()
  return {
    driver: bench.driver,
    spec(behaviour) {
      switch (behaviour.kind) {
        case 'lives':
          return unitSpec(['sleep', '1000'])
        case 'has-scripts':
          return { ...unitSpec(['sleep', '1000']), signalScripts: { TERM: ['true'], HUP: ['false'] } }
        case 'reads':
          return unitSpec(['cat'], { stdin: { kind: 'output', unit: behaviour.unit } })
        case 'prints': {
          const { stdout } = plainProcess
          return unitSpec(['sleep', '1000'], { logger: { kind: 'unit', unit: behaviour.logger, stderr: stdout } })
        }
        case 'exits':
          return unitSpec(['sh', '-c', `exit ${behaviour.code}`])
        case 'cannot-start':
          return unitSpec(['/nowhere/program'])
      }
    },
    restart: bench.restart,
    settle: until,
    close: bench.close,
  }
})
