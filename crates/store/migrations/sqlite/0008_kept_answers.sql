-- Requests of programs that carry a key of their own, and what was answered to them, for a day: whoever sends one again is not served
-- again. A row says who sent it, the digests of its key and of what was asked, which request works on it and until when nobody else may
-- begin, since when a change of it is on disk, and, sealed, the answer.
CREATE TABLE kept_answer (
    tenant        BLOB NOT NULL REFERENCES tenant (id),
    id            BLOB NOT NULL,
    actor         BLOB NOT NULL,
    key_digest    BLOB NOT NULL,
    asked         BLOB NOT NULL,
    request       BLOB NOT NULL,
    lease_until   INTEGER NOT NULL,
    in_effect_at  INTEGER,
    answered_at   INTEGER,
    sealed        BLOB,
    keep_until    INTEGER NOT NULL,
    PRIMARY KEY (tenant, id),
    UNIQUE (tenant, actor, key_digest),
    CHECK (sealed IS NULL OR answered_at IS NOT NULL)
) STRICT;
CREATE INDEX kept_answer_by_end ON kept_answer (tenant, keep_until, id);
