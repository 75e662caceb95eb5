-- Settings of the program, each by its name. Until version 4 they were in settings.json.

CREATE TABLE settings (
  name TEXT PRIMARY KEY,
  -- JSON.
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
