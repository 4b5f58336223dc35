/**
 * The numbered steps by which each database came to its present form. A step that went out is never edited: a change
 * is a new step at the end.
 *
 * A downgrade survives: an older program goes on using a newer file as long as it may (`readableFrom` of the file's
 * last step), and never lowers the number. So prefer steps that only add: a table, or a column with a default.
 */
export interface Migration {
  /** The lowest version (length of this list) of a program that can read and write the file after this step. */
  readonly readableFrom: number
  readonly sql: string
}

/** What must survive the machine. */
export const stateMigrations: readonly Migration[] = [
  {
    readableFrom: 1,
    sql: `
      CREATE TABLE facts (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
      CREATE TABLE wants (unit TEXT PRIMARY KEY, want TEXT NOT NULL) STRICT;
      INSERT INTO facts VALUES ('home', lower(hex(randomblob(8))));
    `,
  },
  // An older program leaves the jobs as they are.
  { readableFrom: 1, sql: 'CREATE TABLE jobs (unit TEXT PRIMARY KEY, body TEXT NOT NULL) STRICT' },
]

/** What must survive only our own death. */
export const runMigrations: readonly Migration[] = [
  {
    readableFrom: 1,
    sql: `
      CREATE TABLE facts (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
      CREATE TABLE units (id TEXT PRIMARY KEY, body TEXT NOT NULL) STRICT;
      CREATE TABLE starts (
        id INTEGER PRIMARY KEY, boot TEXT NOT NULL, boot_ms REAL NOT NULL, wall_ms REAL NOT NULL,
        is_clean INTEGER NOT NULL DEFAULT 0
      ) STRICT;
      INSERT INTO facts VALUES ('file', lower(hex(randomblob(8))));
    `,
  },
]
