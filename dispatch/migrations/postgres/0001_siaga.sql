-- Ids are UUID v7 as text, times UTC epoch milliseconds, positions WGS 84 degrees.

CREATE TABLE counters (
  name TEXT PRIMARY KEY,
  value BIGINT NOT NULL
);
INSERT INTO counters (name, value) VALUES ('events', 0);

CREATE TABLE users (
  id TEXT PRIMARY KEY,
  username TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  role TEXT NOT NULL,
  password_hash TEXT NOT NULL,
  active BOOLEAN NOT NULL,
  created_at BIGINT NOT NULL
);

CREATE TABLE sessions (
  id TEXT PRIMARY KEY,
  token_hash TEXT NOT NULL UNIQUE,
  user_id TEXT NOT NULL REFERENCES users (id),
  seen_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL
);
CREATE INDEX sessions_by_user ON sessions (user_id);

CREATE TABLE agencies (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  phone TEXT NOT NULL,
  active BOOLEAN NOT NULL
);

CREATE TABLE teams (
  id TEXT PRIMARY KEY,
  agency_id TEXT NOT NULL REFERENCES agencies (id),
  name TEXT NOT NULL,
  telegram_chat BIGINT,
  whatsapp_number TEXT,
  latitude DOUBLE PRECISION,
  longitude DOUBLE PRECISION,
  active BOOLEAN NOT NULL,
  UNIQUE (agency_id, name)
);

-- What can be done once, by whoever holds the token: set the server up, or make a chat a team's.
CREATE TABLE tokens (
  token_hash TEXT PRIMARY KEY,
  purpose TEXT NOT NULL,
  team_id TEXT REFERENCES teams (id),
  expires_at BIGINT NOT NULL
);

CREATE TABLE incident_types (
  id TEXT PRIMARY KEY,
  rank BIGINT NOT NULL,
  name TEXT NOT NULL UNIQUE,
  name_en TEXT NOT NULL,
  active BOOLEAN NOT NULL
);

CREATE TABLE incident_type_agencies (
  type_id TEXT NOT NULL REFERENCES incident_types (id),
  agency_id TEXT NOT NULL REFERENCES agencies (id),
  duty TEXT NOT NULL,
  place BIGINT NOT NULL,
  PRIMARY KEY (type_id, duty, agency_id)
);

CREATE TABLE cameras (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  latitude DOUBLE PRECISION NOT NULL,
  longitude DOUBLE PRECISION NOT NULL,
  url TEXT NOT NULL,
  username TEXT,
  password TEXT,
  active BOOLEAN NOT NULL
);

CREATE TABLE calls (
  id TEXT PRIMARY KEY,
  report_id TEXT NOT NULL UNIQUE,
  node TEXT NOT NULL,
  number TEXT,
  name TEXT,
  dialled TEXT NOT NULL,
  trunk TEXT NOT NULL,
  latitude DOUBLE PRECISION,
  longitude DOUBLE PRECISION,
  radius_m DOUBLE PRECISION,
  civic TEXT,
  arrived_at BIGINT NOT NULL,
  answered_at BIGINT,
  ended_at BIGINT,
  ended_by TEXT,
  operator_id TEXT,
  operator_name TEXT
);
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
  latitude DOUBLE PRECISION,
  longitude DOUBLE PRECISION,
  event TEXT NOT NULL,
  details TEXT NOT NULL,
  opened_at BIGINT NOT NULL,
  opened_by TEXT NOT NULL,
  opened_by_name TEXT NOT NULL,
  closed_at BIGINT
);
CREATE INDEX incidents_by_time ON incidents (opened_at);

-- The call's row may still be in the switchboard's journal when its report is saved, so call_id points at nothing yet.
CREATE TABLE reports (
  id TEXT PRIMARY KEY,
  call_id TEXT NOT NULL UNIQUE,
  place TEXT NOT NULL,
  latitude DOUBLE PRECISION,
  longitude DOUBLE PRECISION,
  event TEXT NOT NULL,
  type_id TEXT REFERENCES incident_types (id),
  caller_name TEXT NOT NULL,
  caller_number TEXT NOT NULL,
  details TEXT NOT NULL,
  revision BIGINT NOT NULL,
  saved_at BIGINT NOT NULL,
  incident_id TEXT REFERENCES incidents (id),
  disposition TEXT
);
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
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  last_error TEXT,
  dead BOOLEAN NOT NULL,
  overdue BOOLEAN NOT NULL,
  -- When a missing acknowledgement is noticed (again).
  due_at BIGINT
);
CREATE INDEX dispatches_by_incident ON dispatches (incident_id);
CREATE INDEX dispatches_due ON dispatches (due_at) WHERE due_at IS NOT NULL;

CREATE TABLE outbox (
  id TEXT PRIMARY KEY,
  dispatch_id TEXT NOT NULL REFERENCES dispatches (id),
  channel TEXT NOT NULL,
  state TEXT NOT NULL,
  attempts BIGINT NOT NULL,
  next_at BIGINT NOT NULL,
  lease_until BIGINT NOT NULL,
  -- The node that has claimed it last.
  claimed_by TEXT,
  external_id TEXT,
  -- The service refused it in free form after it had taken it.
  template_only BOOLEAN NOT NULL DEFAULT FALSE,
  -- One message per dispatch and channel.
  UNIQUE (dispatch_id, channel)
);
CREATE INDEX outbox_due ON outbox (next_at) WHERE state IN ('pending', 'sending');
CREATE INDEX outbox_by_external_id ON outbox (channel, external_id);

CREATE TABLE events (
  seq BIGINT PRIMARY KEY,
  at BIGINT NOT NULL,
  actor TEXT NOT NULL,
  kind TEXT NOT NULL,
  call_id TEXT,
  incident_id TEXT,
  data TEXT NOT NULL,
  -- What the same happening told twice has in common.
  dedupe TEXT UNIQUE
);
CREATE INDEX events_by_call ON events (call_id, seq);
CREATE INDEX events_by_incident ON events (incident_id, seq);
CREATE FUNCTION events_are_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'events are append-only';
END $$;
CREATE TRIGGER events_stay BEFORE UPDATE OR DELETE ON events FOR EACH ROW EXECUTE FUNCTION events_are_append_only();

CREATE TABLE recordings (
  call_id TEXT PRIMARY KEY,
  started_at BIGINT NOT NULL,
  sealed_at BIGINT,
  duration_ms BIGINT,
  sha256 TEXT,
  repaired BOOLEAN NOT NULL
);

CREATE TABLE footage (
  id TEXT PRIMARY KEY,
  incident_id TEXT NOT NULL REFERENCES incidents (id),
  camera_id TEXT NOT NULL REFERENCES cameras (id),
  distance_m DOUBLE PRECISION NOT NULL,
  from_at BIGINT NOT NULL,
  to_at BIGINT NOT NULL,
  -- Whether the recorder knows that it must keep it.
  held BOOLEAN NOT NULL,
  UNIQUE (incident_id, camera_id)
);
CREATE INDEX footage_unheld ON footage (to_at) WHERE NOT held;

CREATE TABLE audit (
  seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at BIGINT NOT NULL,
  user_id TEXT NOT NULL,
  user_name TEXT NOT NULL,
  action TEXT NOT NULL,
  subject TEXT NOT NULL
);

CREATE TABLE alarms (
  id TEXT PRIMARY KEY,
  node TEXT NOT NULL,
  raised_at BIGINT NOT NULL,
  kind TEXT NOT NULL,
  ended_at BIGINT,
  acknowledged_by TEXT
);
CREATE INDEX alarms_sounding ON alarms (raised_at) WHERE ended_at IS NULL;
