-- Services of others that organisations use. `sealed` is the whole configuration, bound to the row;
-- at `due_at` the server tests the service by itself, if it is enabled.
CREATE TABLE integration (
    tenant         uuid NOT NULL REFERENCES tenant (id),
    id             uuid NOT NULL,
    name           text COLLATE "C" NOT NULL,
    provider       text NOT NULL,
    enabled        bigint NOT NULL CHECK (enabled IN (0, 1)),
    revision       bigint NOT NULL CHECK (revision >= 1),
    origin         text NOT NULL,
    configuration  text NOT NULL,
    created_at     bigint NOT NULL,
    changed_at     bigint NOT NULL,
    changed_by     uuid,
    due_at         bigint NOT NULL,
    sealed         bytea NOT NULL,
    PRIMARY KEY (tenant, id),
    UNIQUE (tenant, name)
);
CREATE INDEX integration_due ON integration (tenant, due_at, id) WHERE enabled = 1;

-- How its tests went.
CREATE TABLE integration_health (
    tenant       uuid NOT NULL,
    integration  uuid NOT NULL,
    tests        bigint NOT NULL CHECK (tests >= 1),
    begun_at     bigint NOT NULL,
    tested_at    bigint,
    fault        text,
    failures     bigint NOT NULL CHECK (failures >= 0),
    PRIMARY KEY (tenant, integration),
    FOREIGN KEY (tenant, integration) REFERENCES integration (tenant, id)
);

GRANT SELECT, INSERT, UPDATE, DELETE ON integration TO bailiwick_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON integration_health TO bailiwick_app;

ALTER TABLE integration ENABLE ROW LEVEL SECURITY;
ALTER TABLE integration FORCE ROW LEVEL SECURITY;
CREATE POLICY integration_find ON integration FOR SELECT USING (current_setting('bailiwick.job', true) = 'on' AND enabled = 1);
CREATE POLICY integration_own ON integration USING (tenant = bailiwick_tenant()) WITH CHECK (tenant = bailiwick_tenant());
ALTER TABLE integration_health ENABLE ROW LEVEL SECURITY;
ALTER TABLE integration_health FORCE ROW LEVEL SECURITY;
CREATE POLICY integration_health_own ON integration_health USING (tenant = bailiwick_tenant()) WITH CHECK (tenant = bailiwick_tenant());
