-- What a key is for, from where it works, who answers for it, and its rotation.
ALTER TABLE api_key ADD COLUMN environment text NOT NULL DEFAULT 'live' CHECK (environment IN ('live', 'test'));
ALTER TABLE api_key ADD COLUMN networks text NOT NULL DEFAULT '[]';
ALTER TABLE api_key ADD COLUMN owner uuid;
ALTER TABLE api_key ADD COLUMN replaces uuid;
ALTER TABLE api_key ADD COLUMN rotating bigint NOT NULL DEFAULT 0 CHECK (rotating IN (0, 1));
-- The owner of the tables is bound by their policies as everybody is, and has no tenant here.
ALTER TABLE api_key NO FORCE ROW LEVEL SECURITY;
UPDATE api_key SET owner = created_by;
ALTER TABLE api_key FORCE ROW LEVEL SECURITY;
CREATE INDEX api_key_by_owner ON api_key (tenant, owner);
CREATE INDEX api_key_by_replaced ON api_key (tenant, replaces);
CREATE INDEX api_key_rotating ON api_key (tenant, expires_at) WHERE rotating = 1 AND revoked_at IS NULL;

-- Days that a key may work at most; any number, and keys without an end, where nothing stands here.
ALTER TABLE policy ADD COLUMN api_key_days bigint CHECK (api_key_days BETWEEN 1 AND 366);

-- When a key was last used, from where, by what and for which scope. `callers_dropped_at`: when there was no room for a caller.
CREATE TABLE api_key_use (
    tenant              uuid NOT NULL,
    key                 uuid NOT NULL,
    last_used_at        bigint NOT NULL,
    address             text,
    agent               text NOT NULL,
    scope               text,
    callers_dropped_at  bigint,
    PRIMARY KEY (tenant, key),
    FOREIGN KEY (tenant, key) REFERENCES api_key (tenant, id)
);

-- From where and by what kind of program a key was used. An address that is not known is empty.
CREATE TABLE api_key_caller (
    tenant         uuid NOT NULL,
    key            uuid NOT NULL,
    address        text NOT NULL,
    agent          text NOT NULL,
    first_seen_at  bigint NOT NULL,
    last_seen_at   bigint NOT NULL,
    PRIMARY KEY (tenant, key, address, agent),
    FOREIGN KEY (tenant, key) REFERENCES api_key (tenant, id)
);

-- The day on which a key last used each of its scopes.
CREATE TABLE api_key_scope (
    tenant        uuid NOT NULL,
    key           uuid NOT NULL,
    scope         text NOT NULL,
    last_used_on  bigint NOT NULL,
    PRIMARY KEY (tenant, key, scope),
    FOREIGN KEY (tenant, key) REFERENCES api_key (tenant, id)
);

GRANT SELECT, INSERT, UPDATE ON api_key_use TO bailiwick_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON api_key_caller TO bailiwick_app;
GRANT SELECT, INSERT, UPDATE ON api_key_scope TO bailiwick_app;

ALTER TABLE api_key_use ENABLE ROW LEVEL SECURITY;
ALTER TABLE api_key_use FORCE ROW LEVEL SECURITY;
CREATE POLICY api_key_use_own ON api_key_use USING (tenant = bailiwick_tenant()) WITH CHECK (tenant = bailiwick_tenant());
ALTER TABLE api_key_caller ENABLE ROW LEVEL SECURITY;
ALTER TABLE api_key_caller FORCE ROW LEVEL SECURITY;
CREATE POLICY api_key_caller_own ON api_key_caller USING (tenant = bailiwick_tenant()) WITH CHECK (tenant = bailiwick_tenant());
ALTER TABLE api_key_scope ENABLE ROW LEVEL SECURITY;
ALTER TABLE api_key_scope FORCE ROW LEVEL SECURITY;
CREATE POLICY api_key_scope_own ON api_key_scope USING (tenant = bailiwick_tenant()) WITH CHECK (tenant = bailiwick_tenant());

-- And whoever retires keys that were replaced finds the tenants with one.
CREATE POLICY api_key_find ON api_key FOR SELECT USING (current_setting('bailiwick.job', true) = 'on' AND rotating = 1 AND revoked_at IS NULL);
