-- Documents and their versions. What they hold lies outside, sealed; here are the wrapped data keys and the evidence. A version whose
-- document was deleted has no key any more, and its file goes.
CREATE TABLE document (
    tenant      BLOB NOT NULL REFERENCES tenant (id),
    id          BLOB NOT NULL,
    name        TEXT NOT NULL,
    state       TEXT NOT NULL CHECK (state IN ('kept', 'deleted')),
    versions    INTEGER NOT NULL CHECK (versions > 0),
    created_by  BLOB,
    created_at  INTEGER NOT NULL,
    changed_at  INTEGER NOT NULL,
    PRIMARY KEY (tenant, id)
) STRICT;
CREATE INDEX document_kept ON document (tenant, changed_at, id) WHERE state = 'kept';

CREATE TABLE document_version (
    tenant         BLOB NOT NULL,
    id             BLOB NOT NULL,
    document       BLOB NOT NULL,
    number         INTEGER NOT NULL CHECK (number > 0),
    media          TEXT NOT NULL,
    octets         INTEGER NOT NULL CHECK (octets > 0),
    sealed_octets  INTEGER NOT NULL CHECK (sealed_octets > octets),
    algorithm      TEXT NOT NULL,
    key_version    INTEGER NOT NULL,
    sealed_key     BLOB,
    digest         TEXT NOT NULL,
    place          TEXT NOT NULL,
    state          TEXT NOT NULL CHECK (state IN ('available', 'damaged', 'deleted')),
    damage         TEXT,
    downloads      INTEGER NOT NULL,
    file_there     INTEGER NOT NULL,
    created_by     BLOB,
    created_at     INTEGER NOT NULL,
    PRIMARY KEY (tenant, id),
    UNIQUE (tenant, document, number),
    FOREIGN KEY (tenant, document) REFERENCES document (tenant, id),
    CHECK ((state = 'deleted') = (sealed_key IS NULL))
) STRICT;
CREATE INDEX document_version_to_go ON document_version (tenant, id) WHERE state = 'deleted' AND file_there;

-- Versions that are being uploaded: how much of each is on disk, the wrapped data key, and the state of its digest so far. The row goes
-- with the version's record, or when nothing came for a day.
CREATE TABLE document_upload (
    tenant      BLOB NOT NULL REFERENCES tenant (id),
    id          BLOB NOT NULL,
    document    BLOB NOT NULL,
    name        TEXT,
    octets      INTEGER NOT NULL CHECK (octets > 0),
    received    INTEGER NOT NULL CHECK (received >= 0 AND received <= octets),
    sealed_key  BLOB NOT NULL,
    media       TEXT NOT NULL,
    digesting   BLOB NOT NULL,
    created_by  BLOB,
    created_at  INTEGER NOT NULL,
    touched_at  INTEGER NOT NULL,
    PRIMARY KEY (tenant, id)
) STRICT;
CREATE INDEX document_upload_by_touch ON document_upload (tenant, touched_at, id);
