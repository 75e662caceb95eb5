-- Batches of photographs: a job of the kind `batch`, and a row for every file.

CREATE TABLE batches (
  id TEXT PRIMARY KEY REFERENCES jobs (id) ON DELETE CASCADE,
  -- JSON of BatchSettings: models with their hashes, effect, how results are written.
  settings TEXT NOT NULL
) STRICT;

CREATE TABLE batch_files (
  batch TEXT NOT NULL REFERENCES batches (id) ON DELETE CASCADE,
  number INTEGER NOT NULL,
  source TEXT NOT NULL,
  -- Folder below what was given; empty at its top.
  folder TEXT NOT NULL,
  -- `device:inode` of the original, which no result may replace.
  identity TEXT NOT NULL,
  state TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'running', 'done', 'failed', 'skipped')),
  reason TEXT,
  -- Final name, and `device:inode` of the finished result: written before it gets that name, so that a program that
  -- was killed in between finds out whether it has.
  output TEXT,
  result TEXT,
  -- JSON of a list of sentences.
  warnings TEXT NOT NULL DEFAULT '[]',
  megapixels REAL,
  seconds REAL,
  -- How often the child process ended while it worked on this file.
  crashes INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (batch, number)
) STRICT, WITHOUT ROWID;

CREATE INDEX batch_files_by_state ON batch_files (batch, state);
