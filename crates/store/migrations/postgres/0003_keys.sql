-- Keys: how often a tenant's is rotated, and destructions of keys.

-- After how many days; a row without a number says that only people rotate it, and no row that the default applies.
CREATE TABLE key_schedule (
    tenant         uuid NOT NULL REFERENCES tenant (id),
    rotation_days  bigint CHECK (rotation_days BETWEEN 7 AND 730),
    PRIMARY KEY (tenant)
);

-- A destruction of one version. What was destroyed is not in `tenant_key` any more.
CREATE TABLE key_destruction (
    tenant      uuid NOT NULL REFERENCES tenant (id),
    id          uuid NOT NULL,
    version     bigint NOT NULL,
    state       text NOT NULL CHECK (state IN ('waiting', 'cancelled', 'done')),
    reason      text NOT NULL,
    waits_days  bigint NOT NULL CHECK (waits_days >= 1),
    root_key    text,
    created_at  bigint NOT NULL,
    due_at      bigint NOT NULL,
    settled_at  bigint,
    PRIMARY KEY (tenant, id),
    CHECK ((state = 'waiting') = (settled_at IS NULL))
);
CREATE INDEX key_destruction_by_time ON key_destruction (tenant, created_at, id);
CREATE INDEX key_destruction_due ON key_destruction (due_at) WHERE state = 'waiting';
CREATE INDEX key_destruction_settled ON key_destruction (settled_at) WHERE settled_at IS NOT NULL;

-- Which keys are new, for the other nodes; and under which version what is sealed, so that counting it and wrapping it anew
-- walk no table. The four octets behind the first of a sealed value are the version.
CREATE INDEX tenant_key_made ON tenant_key (created_at);
CREATE INDEX subject_key_version ON subject_key (tenant, key_version) WHERE wrapped IS NOT NULL;
CREATE INDEX mail_recipient_version ON mail (tenant, substr(recipient, 2, 4)) WHERE recipient IS NOT NULL;

GRANT SELECT, INSERT, UPDATE ON key_schedule TO bailiwick_app;
GRANT SELECT, INSERT, UPDATE ON key_destruction TO bailiwick_app;
GRANT UPDATE (provider_key, wrapped), DELETE ON tenant_key TO bailiwick_app;
GRANT UPDATE (sealed) ON webauthn_ceremony TO bailiwick_app;

ALTER TABLE key_schedule ENABLE ROW LEVEL SECURITY;
ALTER TABLE key_schedule FORCE ROW LEVEL SECURITY;
CREATE POLICY key_schedule_own ON key_schedule USING (tenant = bailiwick_tenant()) WITH CHECK (tenant = bailiwick_tenant());
ALTER TABLE key_destruction ENABLE ROW LEVEL SECURITY;
ALTER TABLE key_destruction FORCE ROW LEVEL SECURITY;
CREATE POLICY key_destruction_own ON key_destruction USING (tenant = bailiwick_tenant()) WITH CHECK (tenant = bailiwick_tenant());

-- Whoever rotates and destroys what is due, wraps anew and learns of new versions finds the tenants; every key is wrapped.
CREATE POLICY tenant_key_find ON tenant_key FOR SELECT USING (current_setting('bailiwick.job', true) = 'on');
CREATE POLICY key_schedule_find ON key_schedule FOR SELECT USING (current_setting('bailiwick.job', true) = 'on');
CREATE POLICY key_destruction_find ON key_destruction FOR SELECT USING (current_setting('bailiwick.job', true) = 'on');
