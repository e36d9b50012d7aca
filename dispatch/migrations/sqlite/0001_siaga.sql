-- Ids are UUID v7 as text, times UTC epoch milliseconds, positions WGS 84 degrees.

CREATE TABLE counters (
  name TEXT PRIMARY KEY,
  value INTEGER NOT NULL
) STRICT;
INSERT INTO counters (name, value) VALUES ('events', 0);

CREATE TABLE users (
  id TEXT PRIMARY KEY,
  username TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  role TEXT NOT NULL,
  password_hash TEXT NOT NULL,
  active INTEGER NOT NULL,
  created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE sessions (
  id TEXT PRIMARY KEY,
  token_hash TEXT NOT NULL UNIQUE,
  user_id TEXT NOT NULL REFERENCES users (id),
  seen_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX sessions_by_user ON sessions (user_id);

CREATE TABLE agencies (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  phone TEXT NOT NULL,
  active INTEGER NOT NULL
) STRICT;

CREATE TABLE teams (
  id TEXT PRIMARY KEY,
  agency_id TEXT NOT NULL REFERENCES agencies (id),
  name TEXT NOT NULL,
  telegram_chat INTEGER,
  whatsapp_number TEXT,
  latitude REAL,
  longitude REAL,
  active INTEGER NOT NULL,
  UNIQUE (agency_id, name)
) STRICT;

-- What can be done once, by whoever holds the token: set the server up, or make a chat a team's.
CREATE TABLE tokens (
  token_hash TEXT PRIMARY KEY,
  purpose TEXT NOT NULL,
  team_id TEXT REFERENCES teams (id),
  expires_at INTEGER NOT NULL
) STRICT;

CREATE TABLE incident_types (
  id TEXT PRIMARY KEY,
  rank INTEGER NOT NULL,
  name TEXT NOT NULL UNIQUE,
  name_en TEXT NOT NULL,
  active INTEGER NOT NULL
) STRICT;

CREATE TABLE incident_type_agencies (
  type_id TEXT NOT NULL REFERENCES incident_types (id),
  agency_id TEXT NOT NULL REFERENCES agencies (id),
  duty TEXT NOT NULL,
  place INTEGER NOT NULL,
  PRIMARY KEY (type_id, duty, agency_id)
) STRICT;

CREATE TABLE cameras (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  latitude REAL NOT NULL,
  longitude REAL NOT NULL,
  url TEXT NOT NULL,
  username TEXT,
  password TEXT,
  active INTEGER NOT NULL
) STRICT;

CREATE TABLE calls (
  id TEXT PRIMARY KEY,
  report_id TEXT NOT NULL UNIQUE,
  node TEXT NOT NULL,
  number TEXT,
  name TEXT,
  dialled TEXT NOT NULL,
  trunk TEXT NOT NULL,
  latitude REAL,
  longitude REAL,
  radius_m REAL,
  civic TEXT,
  arrived_at INTEGER NOT NULL,
  answered_at INTEGER,
  ended_at INTEGER,
  ended_by TEXT,
  operator_id TEXT,
  operator_name TEXT
) STRICT;
CREATE INDEX calls_by_time ON calls (arrived_at);
CREATE INDEX calls_by_number ON calls (number, arrived_at);
CREATE INDEX calls_open ON calls (node) WHERE ended_at IS NULL;

CREATE TABLE incidents (
  id TEXT PRIMARY KEY,
  number TEXT NOT NULL UNIQUE,
  state TEXT NOT NULL,
  report_id TEXT NOT NULL,
  type_id TEXT REFERENCES incident_types (id),
  place TEXT NOT NULL,
  latitude REAL,
  longitude REAL,
  event TEXT NOT NULL,
  details TEXT NOT NULL,
  opened_at INTEGER NOT NULL,
  opened_by TEXT NOT NULL,
  opened_by_name TEXT NOT NULL,
  closed_at INTEGER
) STRICT;
CREATE INDEX incidents_by_time ON incidents (opened_at);

-- The call's row may still be in the switchboard's journal when its report is saved, so call_id points at nothing yet.
CREATE TABLE reports (
  id TEXT PRIMARY KEY,
  call_id TEXT NOT NULL UNIQUE,
  place TEXT NOT NULL,
  latitude REAL,
  longitude REAL,
  event TEXT NOT NULL,
  type_id TEXT REFERENCES incident_types (id),
  caller_name TEXT NOT NULL,
  caller_number TEXT NOT NULL,
  details TEXT NOT NULL,
  revision INTEGER NOT NULL,
  saved_at INTEGER NOT NULL,
  incident_id TEXT REFERENCES incidents (id),
  disposition TEXT
) STRICT;
CREATE INDEX reports_by_incident ON reports (incident_id);

CREATE TABLE dispatches (
  id TEXT PRIMARY KEY,
  short_id TEXT NOT NULL UNIQUE,
  incident_id TEXT NOT NULL REFERENCES incidents (id),
  team_id TEXT NOT NULL REFERENCES teams (id),
  channel TEXT NOT NULL,
  progress TEXT NOT NULL,
  by_name TEXT,
  sent_by TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  last_error TEXT,
  dead INTEGER NOT NULL,
  overdue INTEGER NOT NULL,
  -- When a missing acknowledgement is noticed (again).
  due_at INTEGER
) STRICT;
CREATE INDEX dispatches_by_incident ON dispatches (incident_id);
CREATE INDEX dispatches_due ON dispatches (due_at) WHERE due_at IS NOT NULL;

CREATE TABLE outbox (
  id TEXT PRIMARY KEY,
  dispatch_id TEXT NOT NULL REFERENCES dispatches (id),
  channel TEXT NOT NULL,
  state TEXT NOT NULL,
  attempts INTEGER NOT NULL,
  next_at INTEGER NOT NULL,
  lease_until INTEGER NOT NULL,
  -- The node that has claimed it last.
  claimed_by TEXT,
  external_id TEXT,
  -- The service refused it in free form after it had taken it.
  template_only INTEGER NOT NULL DEFAULT 0,
  -- One message per dispatch and channel.
  UNIQUE (dispatch_id, channel)
) STRICT;
CREATE INDEX outbox_due ON outbox (next_at) WHERE state IN ('pending', 'sending');
CREATE INDEX outbox_by_external_id ON outbox (channel, external_id);

CREATE TABLE events (
  seq INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  actor TEXT NOT NULL,
  kind TEXT NOT NULL,
  call_id TEXT,
  incident_id TEXT,
  data TEXT NOT NULL,
  -- What the same happening told twice has in common.
  dedupe TEXT UNIQUE
) STRICT;
CREATE INDEX events_by_call ON events (call_id, seq);
CREATE INDEX events_by_incident ON events (incident_id, seq);
CREATE TRIGGER events_stay BEFORE UPDATE ON events BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
CREATE TRIGGER events_remain BEFORE DELETE ON events BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;

CREATE TABLE recordings (
  call_id TEXT PRIMARY KEY,
  started_at INTEGER NOT NULL,
  sealed_at INTEGER,
  duration_ms INTEGER,
  sha256 TEXT,
  repaired INTEGER NOT NULL
) STRICT;

CREATE TABLE footage (
  id TEXT PRIMARY KEY,
  incident_id TEXT NOT NULL REFERENCES incidents (id),
  camera_id TEXT NOT NULL REFERENCES cameras (id),
  distance_m REAL NOT NULL,
  from_at INTEGER NOT NULL,
  to_at INTEGER NOT NULL,
  -- Whether the recorder knows that it must keep it.
  held INTEGER NOT NULL,
  UNIQUE (incident_id, camera_id)
) STRICT;
CREATE INDEX footage_unheld ON footage (to_at) WHERE NOT held;

CREATE TABLE audit (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  at INTEGER NOT NULL,
  user_id TEXT NOT NULL,
  user_name TEXT NOT NULL,
  action TEXT NOT NULL,
  subject TEXT NOT NULL
) STRICT;

CREATE TABLE alarms (
  id TEXT PRIMARY KEY,
  node TEXT NOT NULL,
  raised_at INTEGER NOT NULL,
  kind TEXT NOT NULL,
  ended_at INTEGER,
  acknowledged_by TEXT
) STRICT;
CREATE INDEX alarms_sounding ON alarms (raised_at) WHERE ended_at IS NULL;
