-- How servers tell each other what to forget of keys. None of it belongs to a tenant: a server reads all of it. `changed` is a tenant.
CREATE TABLE key_cache_change_count (
    only_one  bigint NOT NULL PRIMARY KEY CHECK (only_one = 1),
    changes   bigint NOT NULL
);
INSERT INTO key_cache_change_count (only_one, changes) VALUES (1, 0);

CREATE TABLE key_cache_change (
    number   bigint NOT NULL PRIMARY KEY,
    changed  uuid NOT NULL,
    at       bigint NOT NULL
);

-- Servers that remember keys: how far each has come, and until when (in milliseconds) it may use what it remembers.
CREATE TABLE key_cache_node (
    id           uuid NOT NULL PRIMARY KEY,
    seen         bigint NOT NULL,
    lease_until  bigint NOT NULL
);

GRANT SELECT, UPDATE ON key_cache_change_count TO bailiwick_app;
GRANT SELECT, INSERT, DELETE ON key_cache_change TO bailiwick_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON key_cache_node TO bailiwick_app;
