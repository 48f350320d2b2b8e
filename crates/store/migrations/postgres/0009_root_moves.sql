-- Moves from one root key to another, in the platform's tenant. The server that holds the lease wraps anew; how far it has come is noted
-- with each step of it.
CREATE TABLE root_move (
    tenant       uuid NOT NULL REFERENCES tenant (id),
    id           uuid NOT NULL,
    from_root    text NOT NULL,
    to_root      text NOT NULL CHECK (to_root <> from_root),
    state        text NOT NULL CHECK (state IN ('moving', 'finished', 'replaced')),
    weaker       boolean NOT NULL,
    reason       text NOT NULL,
    trouble      text,
    keys         bigint,
    moved        bigint NOT NULL CHECK (moved >= 0),
    waiting      bigint NOT NULL CHECK (waiting >= 0),
    per_minute   bigint NOT NULL CHECK (per_minute >= 0),
    begun_at     bigint NOT NULL,
    looked_at    bigint NOT NULL,
    finished_at  bigint,
    holder       uuid,
    held_until   bigint NOT NULL,
    PRIMARY KEY (tenant, id),
    CHECK ((state = 'moving') = (finished_at IS NULL))
);
CREATE UNIQUE INDEX root_move_one ON root_move (tenant) WHERE state = 'moving';
CREATE INDEX root_move_by_time ON root_move (begun_at);

-- Which keys a root key wraps.
CREATE INDEX tenant_key_root ON tenant_key (provider_key, tenant, version);

GRANT SELECT, INSERT, UPDATE ON root_move TO bailiwick_app;

ALTER TABLE root_move ENABLE ROW LEVEL SECURITY;
ALTER TABLE root_move FORCE ROW LEVEL SECURITY;
CREATE POLICY root_move_own ON root_move USING (tenant = bailiwick_tenant()) WITH CHECK (tenant = bailiwick_tenant());
-- Every server looks which root key wraps from now on.
CREATE POLICY root_move_find ON root_move FOR SELECT USING (current_setting('bailiwick.job', true) = 'on');
