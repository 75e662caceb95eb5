-- One owner for every active job, known by a lease, and requests from other programs. Applied without foreign keys, which
-- are checked afterwards (migrate.ts): a table that others refer to is made anew.

-- A program that owns jobs, or has.
CREATE TABLE programs (
  id TEXT PRIMARY KEY,
  -- Which machine it runs on: told from every other machine, start of the same machine, and container. Empty: this one
  -- (a program before version 0.2).
  machine TEXT NOT NULL,
  -- The machine's name, for people.
  host TEXT NOT NULL,
  -- `pid@start` of its process.
  process TEXT NOT NULL,
  -- Rises while the program lives.
  beat INTEGER NOT NULL DEFAULT 0
) STRICT;

INSERT INTO programs (id, machine, host, process)
  SELECT DISTINCT host, '', '', host FROM jobs WHERE host IS NOT NULL;

CREATE TABLE jobs_new (
  id TEXT PRIMARY KEY,
  kind TEXT NOT NULL,
  title TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('queued', 'running', 'paused', 'finished', 'failed', 'cancelled', 'interrupted')),
  created INTEGER NOT NULL,
  changed INTEGER NOT NULL,
  -- JSON of a WireError, where the job failed.
  error TEXT,
  -- The one program that may change the job while it is active; null while it is not.
  owner TEXT REFERENCES programs (id),
  -- `pid@start` of the owner's child process that does the work.
  worker TEXT
) STRICT;

INSERT INTO jobs_new (id, kind, title, state, created, changed, error, owner, worker)
  SELECT id, kind, title, CASE state WHEN 'stopped' THEN 'cancelled' ELSE state END, created, changed, error, host, worker
  FROM jobs ORDER BY rowid;
DROP TABLE jobs;
ALTER TABLE jobs_new RENAME TO jobs;
CREATE INDEX jobs_by_state ON jobs (state);

UPDATE job_states SET state = 'cancelled' WHERE state = 'stopped';

-- What another program asks of a job's owner. Whoever asked waits for the answer and deletes the row.
CREATE TABLE job_requests (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  job TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
  verb TEXT NOT NULL CHECK (verb IN ('pause', 'resume', 'cancel', 'close')),
  -- Set by the owner when it has done what was asked, or refused it.
  answered INTEGER NOT NULL DEFAULT 0 CHECK (answered IN (0, 1)),
  -- JSON of a WireError, where it refused.
  refusal TEXT
) STRICT;

CREATE INDEX job_requests_by_job ON job_requests (job);
