import { compareClients } from './ctl-conform.ts'
import { startOriginal } from './daemon.ts'

compareClients('our supervisorctl says what the original says of a real supervisord', startOriginal)
