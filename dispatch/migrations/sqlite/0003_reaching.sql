-- Why a call of ours was not answered; what else a network says of where a caller is: the area as JSON, how and when it was found; callers who were cut off.

ALTER TABLE calls ADD COLUMN unreached TEXT;
ALTER TABLE calls ADD COLUMN shape TEXT;
ALTER TABLE calls ADD COLUMN location_method TEXT;
ALTER TABLE calls ADD COLUMN located_at INTEGER;

ALTER TABLE callbacks ADD COLUMN cut_off INTEGER NOT NULL DEFAULT 0;
