-- The caller has left an operator who goes on with others: since when the call is none with the caller any more.
ALTER TABLE calls ADD COLUMN caller_gone_at BIGINT;
