-- Requests of programs that carry a key of their own, and what was answered to them, for a day: whoever sends one again is not served
-- again. A row says who sent it, the digests of its key and of what was asked, which request works on it and until when nobody else may
-- begin, since when a change of it is on disk, and, sealed, the answer.
CREATE TABLE kept_answer (
    tenant        uuid NOT NULL REFERENCES tenant (id),
    id            uuid NOT NULL,
    actor         uuid NOT NULL,
    key_digest    bytea NOT NULL,
    asked         bytea NOT NULL,
    request       uuid NOT NULL,
    lease_until   bigint NOT NULL,
    in_effect_at  bigint,
    answered_at   bigint,
    sealed        bytea,
    keep_until    bigint NOT NULL,
    PRIMARY KEY (tenant, id),
    UNIQUE (tenant, actor, key_digest),
    CHECK (sealed IS NULL OR answered_at IS NOT NULL)
);
CREATE INDEX kept_answer_by_end ON kept_answer (tenant, keep_until, id);

GRANT SELECT, INSERT, UPDATE, DELETE ON kept_answer TO bailiwick_app;
ALTER TABLE kept_answer ENABLE ROW LEVEL SECURITY;
ALTER TABLE kept_answer FORCE ROW LEVEL SECURITY;
CREATE POLICY kept_answer_own ON kept_answer USING (tenant = bailiwick_tenant()) WITH CHECK (tenant = bailiwick_tenant());
-- The job finds the tenants with rows whose day is over.
CREATE POLICY kept_answer_find ON kept_answer FOR SELECT USING (current_setting('bailiwick.job', true) = 'on');
