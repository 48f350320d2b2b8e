-- What a key is for, from where it works, who answers for it, and its rotation.
ALTER TABLE api_key ADD COLUMN environment TEXT NOT NULL DEFAULT 'live' CHECK (environment IN ('live', 'test'));
ALTER TABLE api_key ADD COLUMN networks TEXT NOT NULL DEFAULT '[]';
ALTER TABLE api_key ADD COLUMN owner BLOB;
ALTER TABLE api_key ADD COLUMN replaces BLOB;
ALTER TABLE api_key ADD COLUMN rotating INTEGER NOT NULL DEFAULT 0 CHECK (rotating IN (0, 1));
UPDATE api_key SET owner = created_by;
CREATE INDEX api_key_by_owner ON api_key (tenant, owner);
CREATE INDEX api_key_by_replaced ON api_key (tenant, replaces);
CREATE INDEX api_key_rotating ON api_key (tenant, expires_at) WHERE rotating = 1 AND revoked_at IS NULL;

-- Days that a key may work at most; any number, and keys without an end, where nothing stands here.
ALTER TABLE policy ADD COLUMN api_key_days INTEGER CHECK (api_key_days BETWEEN 1 AND 366);

-- When a key was last used, from where, by what and for which scope. `callers_dropped_at`: when there was no room for a caller.
CREATE TABLE api_key_use (
    tenant              BLOB NOT NULL,
    key                 BLOB NOT NULL,
    last_used_at        INTEGER NOT NULL,
    address             TEXT,
    agent               TEXT NOT NULL,
    scope               TEXT,
    callers_dropped_at  INTEGER,
    PRIMARY KEY (tenant, key),
    FOREIGN KEY (tenant, key) REFERENCES api_key (tenant, id)
) STRICT;

-- From where and by what kind of program a key was used. An address that is not known is empty.
CREATE TABLE api_key_caller (
    tenant         BLOB NOT NULL,
    key            BLOB NOT NULL,
    address        TEXT NOT NULL,
    agent          TEXT NOT NULL,
    first_seen_at  INTEGER NOT NULL,
    last_seen_at   INTEGER NOT NULL,
    PRIMARY KEY (tenant, key, address, agent),
    FOREIGN KEY (tenant, key) REFERENCES api_key (tenant, id)
) STRICT;

-- The day on which a key last used each of its scopes.
CREATE TABLE api_key_scope (
    tenant        BLOB NOT NULL,
    key           BLOB NOT NULL,
    scope         TEXT NOT NULL,
    last_used_on  INTEGER NOT NULL,
    PRIMARY KEY (tenant, key, scope),
    FOREIGN KEY (tenant, key) REFERENCES api_key (tenant, id)
) STRICT;
