-- Outbound calls, what networks say beside a call, callbacks, reputations of numbers, alerts; what operators can do.

ALTER TABLE users ADD COLUMN skills TEXT NOT NULL DEFAULT '[]';
ALTER TABLE users ADD COLUMN languages TEXT NOT NULL DEFAULT '[]';

ALTER TABLE calls ADD COLUMN direction TEXT NOT NULL DEFAULT 'inbound';
ALTER TABLE calls ADD COLUMN priority TEXT NOT NULL DEFAULT 'normal';
ALTER TABLE calls ADD COLUMN languages TEXT NOT NULL DEFAULT '[]';
ALTER TABLE calls ADD COLUMN cell TEXT;
ALTER TABLE calls ADD COLUMN additional TEXT NOT NULL DEFAULT '[]';
ALTER TABLE calls ADD COLUMN callback_of TEXT;

-- When the report was last given another disposition.
ALTER TABLE reports ADD COLUMN disposed_at BIGINT;

-- Callers who gave up before an answer; one open row per number.
CREATE TABLE callbacks (
  call_id TEXT PRIMARY KEY,
  number TEXT NOT NULL,
  name TEXT,
  abandoned_at BIGINT NOT NULL,
  waited_ms BIGINT NOT NULL,
  tries BIGINT NOT NULL,
  last_try_at BIGINT,
  claimed_by TEXT,
  claimed_by_name TEXT,
  closed_at BIGINT,
  closed_as TEXT
);
CREATE INDEX callbacks_open ON callbacks (abandoned_at) WHERE closed_at IS NULL;
CREATE INDEX callbacks_by_number ON callbacks (number) WHERE closed_at IS NULL;

-- Numbers that were marked as a nuisance. A row stays when it has expired, so that its marks before a clearing do not count again.
CREATE TABLE reputations (
  id TEXT PRIMARY KEY,
  number TEXT NOT NULL UNIQUE,
  marks BIGINT NOT NULL,
  last_marked_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  cleared_at BIGINT
);
CREATE INDEX reputations_by_end ON reputations (expires_at);

-- Each alert makes one incident, however often it is sent.
CREATE TABLE alerts (
  sender TEXT NOT NULL,
  identifier TEXT NOT NULL,
  incident_id TEXT NOT NULL REFERENCES incidents (id) DEFERRABLE INITIALLY DEFERRED,
  severity TEXT NOT NULL,
  trunk TEXT NOT NULL,
  sent_at BIGINT NOT NULL,
  received_at BIGINT NOT NULL,
  PRIMARY KEY (sender, identifier)
);
