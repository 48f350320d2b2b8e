-- Services of others that organisations use. `sealed` is the whole configuration, bound to the row;
-- at `due_at` the server tests the service by itself, if it is enabled.
CREATE TABLE integration (
    tenant         BLOB NOT NULL REFERENCES tenant (id),
    id             BLOB NOT NULL,
    name           TEXT NOT NULL,
    provider       TEXT NOT NULL,
    enabled        INTEGER NOT NULL CHECK (enabled IN (0, 1)),
    revision       INTEGER NOT NULL CHECK (revision >= 1),
    origin         TEXT NOT NULL,
    configuration  TEXT NOT NULL,
    created_at     INTEGER NOT NULL,
    changed_at     INTEGER NOT NULL,
    changed_by     BLOB,
    due_at         INTEGER NOT NULL,
    sealed         BLOB NOT NULL,
    PRIMARY KEY (tenant, id),
    UNIQUE (tenant, name)
) STRICT;
CREATE INDEX integration_due ON integration (tenant, due_at, id) WHERE enabled = 1;

-- How its tests went.
CREATE TABLE integration_health (
    tenant       BLOB NOT NULL,
    integration  BLOB NOT NULL,
    tests        INTEGER NOT NULL CHECK (tests >= 1),
    begun_at     INTEGER NOT NULL,
    tested_at    INTEGER,
    fault        TEXT,
    failures     INTEGER NOT NULL CHECK (failures >= 0),
    PRIMARY KEY (tenant, integration),
    FOREIGN KEY (tenant, integration) REFERENCES integration (tenant, id)
) STRICT;
