-- Documents and their versions. What they hold lies outside, sealed; here are the wrapped data keys and the evidence. A version whose
-- document was deleted has no key any more, and its file goes.
CREATE TABLE document (
    tenant      uuid NOT NULL REFERENCES tenant (id),
    id          uuid NOT NULL,
    name        text NOT NULL,
    state       text NOT NULL CHECK (state IN ('kept', 'deleted')),
    versions    bigint NOT NULL CHECK (versions > 0),
    created_by  uuid,
    created_at  bigint NOT NULL,
    changed_at  bigint NOT NULL,
    PRIMARY KEY (tenant, id)
);
CREATE INDEX document_kept ON document (tenant, changed_at, id) WHERE state = 'kept';

CREATE TABLE document_version (
    tenant         uuid NOT NULL,
    id             uuid NOT NULL,
    document       uuid NOT NULL,
    number         bigint NOT NULL CHECK (number > 0),
    media          text NOT NULL,
    octets         bigint NOT NULL CHECK (octets > 0),
    sealed_octets  bigint NOT NULL CHECK (sealed_octets > octets),
    algorithm      text NOT NULL,
    key_version    bigint NOT NULL,
    sealed_key     bytea,
    digest         text NOT NULL,
    place          text NOT NULL,
    state          text NOT NULL CHECK (state IN ('available', 'damaged', 'deleted')),
    damage         text,
    downloads      bigint NOT NULL,
    file_there     boolean NOT NULL,
    created_by     uuid,
    created_at     bigint NOT NULL,
    PRIMARY KEY (tenant, id),
    UNIQUE (tenant, document, number),
    FOREIGN KEY (tenant, document) REFERENCES document (tenant, id),
    CHECK ((state = 'deleted') = (sealed_key IS NULL))
);
CREATE INDEX document_version_to_go ON document_version (tenant, id) WHERE state = 'deleted' AND file_there;

-- Versions that are being uploaded: how much of each is on disk, the wrapped data key, and the state of its digest so far. The row goes
-- with the version's record, or when nothing came for a day.
CREATE TABLE document_upload (
    tenant      uuid NOT NULL REFERENCES tenant (id),
    id          uuid NOT NULL,
    document    uuid NOT NULL,
    name        text,
    octets      bigint NOT NULL CHECK (octets > 0),
    received    bigint NOT NULL CHECK (received >= 0 AND received <= octets),
    sealed_key  bytea NOT NULL,
    media       text NOT NULL,
    digesting   bytea NOT NULL,
    created_by  uuid,
    created_at  bigint NOT NULL,
    touched_at  bigint NOT NULL,
    PRIMARY KEY (tenant, id)
);
CREATE INDEX document_upload_by_touch ON document_upload (tenant, touched_at, id);

GRANT SELECT, INSERT, UPDATE ON document TO bailiwick_app;
GRANT SELECT, INSERT, UPDATE ON document_version TO bailiwick_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON document_upload TO bailiwick_app;

ALTER TABLE document ENABLE ROW LEVEL SECURITY;
ALTER TABLE document FORCE ROW LEVEL SECURITY;
CREATE POLICY document_own ON document USING (tenant = bailiwick_tenant()) WITH CHECK (tenant = bailiwick_tenant());
ALTER TABLE document_version ENABLE ROW LEVEL SECURITY;
ALTER TABLE document_version FORCE ROW LEVEL SECURITY;
CREATE POLICY document_version_own ON document_version USING (tenant = bailiwick_tenant()) WITH CHECK (tenant = bailiwick_tenant());
ALTER TABLE document_upload ENABLE ROW LEVEL SECURITY;
ALTER TABLE document_upload FORCE ROW LEVEL SECURITY;
CREATE POLICY document_upload_own ON document_upload USING (tenant = bailiwick_tenant()) WITH CHECK (tenant = bailiwick_tenant());

-- The job finds the tenants with files that go, with uploads that were cut off, and with documents whose time may be over.
CREATE POLICY document_find ON document FOR SELECT USING (current_setting('bailiwick.job', true) = 'on' AND state = 'kept');
CREATE POLICY document_version_find ON document_version FOR SELECT USING (current_setting('bailiwick.job', true) = 'on' AND state = 'deleted');
CREATE POLICY document_upload_find ON document_upload FOR SELECT USING (current_setting('bailiwick.job', true) = 'on');
