import { isFailure } from '../../source-reader.ts'
import { absolutePath, report } from '../values.ts'
import { type Project, type ProjectFile, readFile } from './files.ts'

/** What Compose looks for where no file is named, and what it merges into that. */
const usualNames = ['compose.yaml', 'compose.yml', 'docker-compose.yml', 'docker-compose.yaml']

const overrideNames = [
  'compose.override.yml',
  'compose.override.yaml',
  'docker-compose.override.yml',
  'docker-compose.override.yaml',
]

/** The file that is merged into the one that is read, where that has its usual name and there is one. */
export async function readOverride(project: Project): Promise<ProjectFile | null> {
  const { context } = project
  if (!usualNames.includes(nameOf(context.file))) return null
  const paths = overrideNames.map((name) => absolutePath(context.directory, name))
  const [path, second] = paths.filter((one) => !isFailure(context.reader.look(one)))
  if (path === undefined) return null
  if (second !== undefined) {
    const message = `there are ${nameOf(path)} and ${nameOf(second)}, and only the first of them is merged`
    report(context, { file: second, line: 1, column: 1 }, '', message, 'remove one of them', 'warning')
  }
  const start = { file: path, line: 1, column: 1 }
  const at = { path: '', node: { kind: 'scalar', value: null, source: '', ...start } } as const
  return await readFile(project, path, { at, directory: context.directory })
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}
