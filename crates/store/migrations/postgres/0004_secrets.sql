-- Secrets that are kept for the product. What is shown of one stands here; its values lie sealed beside their versions.
CREATE TABLE secret (
    tenant      uuid NOT NULL REFERENCES tenant (id),
    id          uuid NOT NULL,
    name        text COLLATE "C" NOT NULL,
    newest      bigint NOT NULL CHECK (newest >= 1),
    created_at  bigint NOT NULL,
    PRIMARY KEY (tenant, id),
    UNIQUE (tenant, name)
);

-- At most one version of each stage; `sealed` is bound to the secret and the number.
CREATE TABLE secret_version (
    tenant       uuid NOT NULL,
    secret       uuid NOT NULL,
    number       bigint NOT NULL CHECK (number >= 1),
    stage        text NOT NULL CHECK (stage IN ('staged', 'current', 'previous')),
    length       text NOT NULL,
    fingerprint  text NOT NULL,
    stored_by    uuid,
    stored_at    bigint NOT NULL,
    sealed       bytea NOT NULL,
    PRIMARY KEY (tenant, secret, number),
    UNIQUE (tenant, secret, stage),
    FOREIGN KEY (tenant, secret) REFERENCES secret (tenant, id)
);

-- How often a secret was used, and how last.
CREATE TABLE secret_use (
    tenant   uuid NOT NULL,
    secret   uuid NOT NULL,
    uses     bigint NOT NULL CHECK (uses >= 1),
    version  bigint NOT NULL,
    api_key  uuid NOT NULL,
    used_at  bigint NOT NULL,
    PRIMARY KEY (tenant, secret),
    FOREIGN KEY (tenant, secret) REFERENCES secret (tenant, id)
);

GRANT SELECT, INSERT, UPDATE, DELETE ON secret TO bailiwick_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON secret_version TO bailiwick_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON secret_use TO bailiwick_app;

ALTER TABLE secret ENABLE ROW LEVEL SECURITY;
ALTER TABLE secret FORCE ROW LEVEL SECURITY;
CREATE POLICY secret_own ON secret USING (tenant = bailiwick_tenant()) WITH CHECK (tenant = bailiwick_tenant());
ALTER TABLE secret_version ENABLE ROW LEVEL SECURITY;
ALTER TABLE secret_version FORCE ROW LEVEL SECURITY;
CREATE POLICY secret_version_own ON secret_version USING (tenant = bailiwick_tenant()) WITH CHECK (tenant = bailiwick_tenant());
ALTER TABLE secret_use ENABLE ROW LEVEL SECURITY;
ALTER TABLE secret_use FORCE ROW LEVEL SECURITY;
CREATE POLICY secret_use_own ON secret_use USING (tenant = bailiwick_tenant()) WITH CHECK (tenant = bailiwick_tenant());
