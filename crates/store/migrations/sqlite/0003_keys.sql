-- Keys: how often a tenant's is rotated, and destructions of keys.

-- After how many days; a row without a number says that only people rotate it, and no row that the default applies.
CREATE TABLE key_schedule (
    tenant         BLOB NOT NULL REFERENCES tenant (id),
    rotation_days  INTEGER CHECK (rotation_days BETWEEN 7 AND 730),
    PRIMARY KEY (tenant)
) STRICT;

-- A destruction of one version. What was destroyed is not in `tenant_key` any more.
CREATE TABLE key_destruction (
    tenant      BLOB NOT NULL REFERENCES tenant (id),
    id          BLOB NOT NULL,
    version     INTEGER NOT NULL,
    state       TEXT NOT NULL CHECK (state IN ('waiting', 'cancelled', 'done')),
    reason      TEXT NOT NULL,
    waits_days  INTEGER NOT NULL CHECK (waits_days >= 1),
    root_key    TEXT,
    created_at  INTEGER NOT NULL,
    due_at      INTEGER NOT NULL,
    settled_at  INTEGER,
    PRIMARY KEY (tenant, id),
    CHECK ((state = 'waiting') = (settled_at IS NULL))
) STRICT;
CREATE INDEX key_destruction_by_time ON key_destruction (tenant, created_at, id);
CREATE INDEX key_destruction_due ON key_destruction (due_at) WHERE state = 'waiting';
CREATE INDEX key_destruction_settled ON key_destruction (settled_at) WHERE settled_at IS NOT NULL;

-- Which keys are new, for the other nodes; and under which version what is sealed, so that counting it and wrapping it anew
-- walk no table. The four octets behind the first of a sealed value are the version.
CREATE INDEX tenant_key_made ON tenant_key (created_at);
CREATE INDEX subject_key_version ON subject_key (tenant, key_version) WHERE wrapped IS NOT NULL;
CREATE INDEX mail_recipient_version ON mail (tenant, substr(recipient, 2, 4)) WHERE recipient IS NOT NULL;
