-- Jobs of every kind, trainings first. Times are milliseconds since 1970.

CREATE TABLE jobs (
  id TEXT PRIMARY KEY,
  kind TEXT NOT NULL,
  title TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('queued', 'running', 'paused', 'finished', 'failed', 'stopped', 'interrupted')),
  created INTEGER NOT NULL,
  changed INTEGER NOT NULL,
  -- JSON of a WireError, where the job failed.
  error TEXT,
  -- Who is responsible while the job is active: `pid@start` of the program and of its child process.
  host TEXT,
  worker TEXT
) STRICT;

CREATE INDEX jobs_by_state ON jobs (state);

CREATE TABLE job_states (
  job TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
  at INTEGER NOT NULL,
  state TEXT NOT NULL,
  reason TEXT
) STRICT;

CREATE INDEX job_states_by_job ON job_states (job);

CREATE TABLE runs (
  -- Metrics refer to this number: it is shorter than the id.
  number INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE REFERENCES jobs (id) ON DELETE CASCADE,
  -- The whole configuration, as YAML.
  config TEXT NOT NULL,
  network TEXT NOT NULL,
  negatives INTEGER NOT NULL,
  seed INTEGER NOT NULL,
  steps INTEGER NOT NULL,
  step INTEGER NOT NULL DEFAULT 0,
  -- JSON of RunFacts: versions, device, data fingerprint, features.
  facts TEXT,
  note TEXT NOT NULL DEFAULT ''
) STRICT;

CREATE TABLE run_tags (
  run INTEGER NOT NULL REFERENCES runs (number) ON DELETE CASCADE,
  tag TEXT NOT NULL,
  PRIMARY KEY (run, tag)
) STRICT, WITHOUT ROWID;

CREATE TABLE metrics (
  run INTEGER NOT NULL REFERENCES runs (number) ON DELETE CASCADE,
  name TEXT NOT NULL,
  step INTEGER NOT NULL,
  value REAL NOT NULL,
  PRIMARY KEY (run, name, step)
) STRICT, WITHOUT ROWID;

CREATE TABLE validation_pictures (
  run INTEGER NOT NULL REFERENCES runs (number) ON DELETE CASCADE,
  step INTEGER NOT NULL,
  name TEXT NOT NULL,
  psnr REAL NOT NULL,
  ssim REAL NOT NULL,
  -- Paths relative to the run's folder.
  input TEXT NOT NULL,
  restored TEXT NOT NULL,
  target TEXT NOT NULL,
  PRIMARY KEY (run, step, name)
) STRICT, WITHOUT ROWID;
