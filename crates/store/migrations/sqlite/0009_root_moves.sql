-- Moves from one root key to another, in the platform's tenant. The server that holds the lease wraps anew; how far it has come is noted
-- with each step of it.
CREATE TABLE root_move (
    tenant       BLOB NOT NULL REFERENCES tenant (id),
    id           BLOB NOT NULL,
    from_root    TEXT NOT NULL,
    to_root      TEXT NOT NULL CHECK (to_root <> from_root),
    state        TEXT NOT NULL CHECK (state IN ('moving', 'finished', 'replaced')),
    weaker       INTEGER NOT NULL CHECK (weaker IN (0, 1)),
    reason       TEXT NOT NULL,
    trouble      TEXT,
    keys         INTEGER,
    moved        INTEGER NOT NULL CHECK (moved >= 0),
    waiting      INTEGER NOT NULL CHECK (waiting >= 0),
    per_minute   INTEGER NOT NULL CHECK (per_minute >= 0),
    begun_at     INTEGER NOT NULL,
    looked_at    INTEGER NOT NULL,
    finished_at  INTEGER,
    holder       BLOB,
    held_until   INTEGER NOT NULL,
    PRIMARY KEY (tenant, id),
    CHECK ((state = 'moving') = (finished_at IS NULL))
) STRICT;
CREATE UNIQUE INDEX root_move_one ON root_move (tenant) WHERE state = 'moving';
CREATE INDEX root_move_by_time ON root_move (begun_at);

-- Which keys a root key wraps.
CREATE INDEX tenant_key_root ON tenant_key (provider_key, tenant, version);
