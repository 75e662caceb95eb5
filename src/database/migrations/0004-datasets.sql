-- Data sets that were imported: names and folders. The pictures stay where they are.

CREATE TABLE datasets (
  -- Orders them: the newest has the largest number.
  number INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  target TEXT NOT NULL,
  input TEXT,
  -- JSON of DegradationStep[].
  degradations TEXT NOT NULL,
  scale INTEGER NOT NULL,
  -- JSON of Split.
  validation TEXT NOT NULL,
  created INTEGER NOT NULL
) STRICT;
