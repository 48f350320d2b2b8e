-- Secrets that are kept for the product. What is shown of one stands here; its values lie sealed beside their versions.
CREATE TABLE secret (
    tenant      BLOB NOT NULL REFERENCES tenant (id),
    id          BLOB NOT NULL,
    name        TEXT NOT NULL,
    newest      INTEGER NOT NULL CHECK (newest >= 1),
    created_at  INTEGER NOT NULL,
    PRIMARY KEY (tenant, id),
    UNIQUE (tenant, name)
) STRICT;

-- At most one version of each stage; `sealed` is bound to the secret and the number.
CREATE TABLE secret_version (
    tenant       BLOB NOT NULL,
    secret       BLOB NOT NULL,
    number       INTEGER NOT NULL CHECK (number >= 1),
    stage        TEXT NOT NULL CHECK (stage IN ('staged', 'current', 'previous')),
    length       TEXT NOT NULL,
    fingerprint  TEXT NOT NULL,
    stored_by    BLOB,
    stored_at    INTEGER NOT NULL,
    sealed       BLOB NOT NULL,
    PRIMARY KEY (tenant, secret, number),
    UNIQUE (tenant, secret, stage),
    FOREIGN KEY (tenant, secret) REFERENCES secret (tenant, id)
) STRICT;

-- How often a secret was used, and how last.
CREATE TABLE secret_use (
    tenant   BLOB NOT NULL,
    secret   BLOB NOT NULL,
    uses     INTEGER NOT NULL CHECK (uses >= 1),
    version  INTEGER NOT NULL,
    api_key  BLOB NOT NULL,
    used_at  INTEGER NOT NULL,
    PRIMARY KEY (tenant, secret),
    FOREIGN KEY (tenant, secret) REFERENCES secret (tenant, id)
) STRICT;
