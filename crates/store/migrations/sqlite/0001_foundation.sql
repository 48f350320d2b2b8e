-- The whole schema on SQLite. Times are microseconds since 1970, ids are the sixteen octets of a UUIDv7.

-- Tenants. No personal data: readable in every tenant's scope, written only in its own.
CREATE TABLE tenant (
    id          BLOB NOT NULL PRIMARY KEY,
    slug        TEXT NOT NULL UNIQUE,
    name        TEXT NOT NULL,
    kind        TEXT NOT NULL CHECK (kind IN ('customer', 'platform')),
    region      TEXT NOT NULL,
    status      TEXT NOT NULL CHECK (status IN ('active', 'suspended')),
    key_brand   TEXT NOT NULL,
    created_at  INTEGER NOT NULL
) STRICT;

-- The way from a sign-in address or an API key to its tenants. Keyed hashes only.
CREATE TABLE directory_address (
    tag     BLOB NOT NULL,
    tenant  BLOB NOT NULL REFERENCES tenant (id),
    PRIMARY KEY (tag, tenant)
) STRICT;

CREATE TABLE directory_key (
    hash    BLOB NOT NULL PRIMARY KEY,
    tenant  BLOB NOT NULL REFERENCES tenant (id)
) STRICT;

-- Tenant keys, wrapped by the root key; a subject's key, wrapped by the tenant key. Emptying `wrapped` is erasure; the row stays, so
-- that no key is ever made for the subject again.
CREATE TABLE tenant_key (
    tenant       BLOB NOT NULL REFERENCES tenant (id),
    version      INTEGER NOT NULL,
    provider_key TEXT NOT NULL,
    wrapped      BLOB NOT NULL,
    created_at   INTEGER NOT NULL,
    PRIMARY KEY (tenant, version)
) STRICT;

CREATE TABLE subject_key (
    tenant       BLOB NOT NULL REFERENCES tenant (id),
    subject      BLOB NOT NULL,
    key_version  INTEGER NOT NULL,
    wrapped      BLOB,
    erased_at    INTEGER,
    PRIMARY KEY (tenant, subject),
    CHECK ((wrapped IS NULL) = (erased_at IS NOT NULL))
) STRICT;

CREATE TABLE policy (
    tenant                  BLOB NOT NULL REFERENCES tenant (id),
    mfa_floor               TEXT NOT NULL CHECK (mfa_floor IN ('any', 'mfa', 'passkey')),
    mfa_since               INTEGER,
    passkey_since           INTEGER,
    mfa_grace_days          INTEGER NOT NULL CHECK (mfa_grace_days BETWEEN 0 AND 90),
    session_idle_minutes    INTEGER NOT NULL CHECK (session_idle_minutes BETWEEN 1 AND 1440),
    session_absolute_hours  INTEGER NOT NULL CHECK (session_absolute_hours BETWEEN 1 AND 720),
    reauth_minutes          INTEGER NOT NULL CHECK (reauth_minutes BETWEEN 1 AND 60),
    invitation_days         INTEGER NOT NULL CHECK (invitation_days BETWEEN 1 AND 90),
    PRIMARY KEY (tenant),
    CHECK ((mfa_floor <> 'any') = (mfa_since IS NOT NULL)),
    CHECK ((mfa_floor = 'passkey') = (passkey_since IS NOT NULL))
) STRICT;

-- What is asked of the holders of a role beyond the policy.
CREATE TABLE role_floor (
    tenant         BLOB NOT NULL REFERENCES tenant (id),
    role           TEXT NOT NULL,
    floor          TEXT NOT NULL CHECK (floor IN ('mfa', 'passkey')),
    mfa_since      INTEGER NOT NULL,
    passkey_since  INTEGER,
    PRIMARY KEY (tenant, role),
    CHECK ((floor = 'passkey') = (passkey_since IS NOT NULL))
) STRICT;

-- `factor` is the strongest verified one in the table below, written by whatever writes that: pages count by it.
-- `privileges` counts the changes of what the user may do or has proved; a session that has seen fewer gets a new token.
CREATE TABLE users (
    tenant      BLOB NOT NULL REFERENCES tenant (id),
    id          BLOB NOT NULL,
    email       TEXT NOT NULL,
    name        TEXT NOT NULL,
    role        TEXT NOT NULL,
    status      TEXT NOT NULL CHECK (status IN ('active', 'disabled')),
    created_at  INTEGER NOT NULL,
    factor      TEXT CHECK (factor IN ('totp', 'sso', 'passkey')),
    privileges  INTEGER NOT NULL DEFAULT 0,
    time_zone   TEXT,
    PRIMARY KEY (tenant, id),
    UNIQUE (tenant, email)
) STRICT;
CREATE INDEX users_by_joining ON users (tenant, created_at, id);
CREATE INDEX users_by_factor ON users (tenant, status, factor, created_at, id);
CREATE INDEX users_by_role ON users (tenant, role, created_at, id);
CREATE INDEX users_by_role_status ON users (tenant, role, status, id);
CREATE INDEX users_by_status ON users (tenant, status, created_at, id);
CREATE INDEX users_by_mfa ON users (tenant, factor, created_at, id);
CREATE INDEX users_without_factor ON users (tenant, created_at, id) WHERE factor IS NULL;
CREATE INDEX users_verified ON users (tenant, created_at, id) WHERE factor <> 'sso';

-- The words by which people are found: of name and address, lower case, without accents. Compared by their octets.
CREATE TABLE user_word (
    tenant   BLOB NOT NULL,
    word     TEXT NOT NULL,
    user_id  BLOB NOT NULL,
    PRIMARY KEY (tenant, word, user_id),
    FOREIGN KEY (tenant, user_id) REFERENCES users (tenant, id)
) STRICT;
CREATE INDEX user_word_by_user ON user_word (tenant, user_id, word);

CREATE TABLE password (
    tenant      BLOB NOT NULL,
    user_id     BLOB NOT NULL,
    hash        TEXT NOT NULL,
    changed_at  INTEGER NOT NULL,
    PRIMARY KEY (tenant, user_id),
    FOREIGN KEY (tenant, user_id) REFERENCES users (tenant, id)
) STRICT;

CREATE TABLE factor (
    tenant       BLOB NOT NULL,
    id           BLOB NOT NULL,
    user_id      BLOB NOT NULL,
    kind         TEXT NOT NULL CHECK (kind IN ('totp', 'sso', 'passkey')),
    name         TEXT NOT NULL,
    state        TEXT NOT NULL CHECK (state IN ('pending', 'verified', 'removed')),
    last_step    INTEGER NOT NULL,
    created_at   INTEGER NOT NULL,
    verified_at  INTEGER,
    sealed       BLOB,
    PRIMARY KEY (tenant, id),
    FOREIGN KEY (tenant, user_id) REFERENCES users (tenant, id)
) STRICT;
CREATE INDEX factor_by_user ON factor (tenant, user_id, state);
CREATE INDEX factor_by_state ON factor (tenant, state, kind, user_id);
CREATE INDEX factor_sealed ON factor (tenant) WHERE sealed IS NOT NULL;

-- What a passkey is beside its factor, whose id it has. The credential is sealed; removing the row is erasure.
CREATE TABLE passkey (
    tenant           BLOB NOT NULL,
    id               BLOB NOT NULL,
    user_id          BLOB NOT NULL,
    credential_id    BLOB NOT NULL,
    name             TEXT NOT NULL,
    sign_count       INTEGER NOT NULL,
    backup_eligible  INTEGER NOT NULL CHECK (backup_eligible IN (0, 1)),
    backed_up        INTEGER NOT NULL CHECK (backed_up IN (0, 1)),
    transports       TEXT NOT NULL,
    created_at       INTEGER NOT NULL,
    last_used_at     INTEGER,
    suspected_at     INTEGER,
    sealed           BLOB NOT NULL,
    PRIMARY KEY (tenant, id),
    UNIQUE (tenant, credential_id),
    FOREIGN KEY (tenant, id) REFERENCES factor (tenant, id),
    FOREIGN KEY (tenant, user_id) REFERENCES users (tenant, id)
) STRICT;
CREATE INDEX passkey_by_user ON passkey (tenant, user_id, created_at);

-- Registrations of passkeys that wait for their authenticator, and the challenges of sign-ins that were answered.
CREATE TABLE webauthn_ceremony (
    tenant      BLOB NOT NULL,
    id          BLOB NOT NULL,
    user_id     BLOB NOT NULL,
    session     BLOB NOT NULL,
    created_at  INTEGER NOT NULL,
    expires_at  INTEGER NOT NULL,
    sealed      BLOB NOT NULL,
    PRIMARY KEY (tenant, id),
    FOREIGN KEY (tenant, user_id) REFERENCES users (tenant, id)
) STRICT;
CREATE INDEX webauthn_ceremony_by_end ON webauthn_ceremony (tenant, expires_at);

CREATE TABLE webauthn_spent (
    tenant      BLOB NOT NULL REFERENCES tenant (id),
    challenge   BLOB NOT NULL,
    expires_at  INTEGER NOT NULL,
    PRIMARY KEY (tenant, challenge)
) STRICT;
CREATE INDEX webauthn_spent_by_end ON webauthn_spent (tenant, expires_at);

-- The recovery codes of a person, all of one making; a new set replaces the old one.
CREATE TABLE recovery_code (
    tenant     BLOB NOT NULL,
    user_id    BLOB NOT NULL,
    code_hash  BLOB NOT NULL,
    made_at    INTEGER NOT NULL,
    used_at    INTEGER,
    PRIMARY KEY (tenant, user_id, code_hash),
    FOREIGN KEY (tenant, user_id) REFERENCES users (tenant, id)
) STRICT;

-- `source` is the keyed tag of the address; `old_hash` a token that was just replaced and is still taken until `old_until`.
CREATE TABLE session (
    tenant          BLOB NOT NULL,
    id              BLOB NOT NULL,
    user_id         BLOB NOT NULL,
    token_hash      BLOB NOT NULL,
    method          TEXT NOT NULL,
    created_at      INTEGER NOT NULL,
    last_seen_at    INTEGER NOT NULL,
    idle_until      INTEGER NOT NULL,
    absolute_until  INTEGER NOT NULL,
    ended_at        INTEGER,
    browser         TEXT NOT NULL,
    system          TEXT NOT NULL,
    place           TEXT NOT NULL,
    network         TEXT NOT NULL CHECK (network IN ('known', 'new')),
    source          BLOB,
    device          BLOB,
    privileges      INTEGER NOT NULL,
    renewed_at      INTEGER,
    old_hash        BLOB,
    old_until       INTEGER,
    PRIMARY KEY (tenant, id),
    UNIQUE (tenant, token_hash),
    UNIQUE (tenant, old_hash),
    FOREIGN KEY (tenant, user_id) REFERENCES users (tenant, id)
) STRICT;
CREATE INDEX session_by_user ON session (tenant, user_id, created_at);
CREATE INDEX session_by_source ON session (tenant, user_id, source);
CREATE INDEX session_live ON session (tenant, created_at, id) WHERE ended_at IS NULL;

CREATE TABLE enrolment (
    tenant      BLOB NOT NULL,
    id          BLOB NOT NULL,
    user_id     BLOB NOT NULL,
    token_hash  BLOB NOT NULL,
    created_at  INTEGER NOT NULL,
    expires_at  INTEGER NOT NULL,
    used_at     INTEGER,
    PRIMARY KEY (tenant, id),
    UNIQUE (tenant, token_hash),
    FOREIGN KEY (tenant, user_id) REFERENCES users (tenant, id)
) STRICT;
CREATE INDEX enrolment_by_user ON enrolment (tenant, user_id);

-- Links that replace a forgotten password. The source is the keyed tag of the address that asked, or empty.
CREATE TABLE password_reset (
    tenant      BLOB NOT NULL,
    id          BLOB NOT NULL,
    user_id     BLOB NOT NULL,
    token_hash  BLOB NOT NULL,
    source      BLOB NOT NULL,
    created_at  INTEGER NOT NULL,
    expires_at  INTEGER NOT NULL,
    used_at     INTEGER,
    PRIMARY KEY (tenant, id),
    UNIQUE (tenant, token_hash),
    FOREIGN KEY (tenant, user_id) REFERENCES users (tenant, id)
) STRICT;
CREATE INDEX password_reset_by_account ON password_reset (tenant, user_id, created_at);
CREATE INDEX password_reset_by_source ON password_reset (tenant, source, created_at);

-- An attempt with a one-time code names the session that waits for it.
CREATE TABLE sign_in_attempt (
    tenant   BLOB NOT NULL,
    id       BLOB NOT NULL,
    user_id  BLOB NOT NULL,
    factor   TEXT NOT NULL,
    source   BLOB NOT NULL,
    outcome  TEXT NOT NULL CHECK (outcome IN ('accepted', 'refused', 'limited', 'lifted', 'unlocked', 'closed', 'reopened', 'unanswered')),
    at       INTEGER NOT NULL,
    session  BLOB,
    device   BLOB,
    PRIMARY KEY (tenant, id),
    FOREIGN KEY (tenant, user_id) REFERENCES users (tenant, id)
) STRICT;
CREATE INDEX sign_in_attempt_by_source ON sign_in_attempt (tenant, user_id, factor, source, at);
CREATE INDEX sign_in_attempt_by_account ON sign_in_attempt (tenant, user_id, factor, at);

-- Attempts that were turned away unseen, counted by the hour and source, and gone after a while: a guesser decides how many there
-- are. A few sources of an account are told apart in an hour, all others together.
CREATE TABLE sign_in_tally (
    tenant       BLOB NOT NULL,
    user_id      BLOB NOT NULL,
    hour         INTEGER NOT NULL,
    factor       TEXT NOT NULL,
    source       BLOB NOT NULL,
    turned_away  INTEGER NOT NULL CHECK (turned_away > 0),
    PRIMARY KEY (tenant, user_id, hour, factor, source),
    FOREIGN KEY (tenant, user_id) REFERENCES users (tenant, id)
) STRICT;

-- Accounts that take nothing from unknown devices for now, until the end of that is recorded. The rows decide nothing.
CREATE TABLE account_lock (
    tenant   BLOB NOT NULL,
    user_id  BLOB NOT NULL,
    factor   TEXT NOT NULL,
    ends_at  INTEGER NOT NULL,
    PRIMARY KEY (tenant, user_id, factor),
    FOREIGN KEY (tenant, user_id) REFERENCES users (tenant, id)
) STRICT;
CREATE INDEX account_lock_to_end ON account_lock (tenant, ends_at);

-- Browsers that a person signed in from, by a keyed hash of what they carry. Removing the row is forgetting.
CREATE TABLE known_device (
    tenant        BLOB NOT NULL,
    user_id       BLOB NOT NULL,
    tag           BLOB NOT NULL,
    session       BLOB NOT NULL,
    browser       TEXT NOT NULL,
    system        TEXT NOT NULL,
    created_at    INTEGER NOT NULL,
    last_used_at  INTEGER NOT NULL,
    PRIMARY KEY (tenant, user_id, tag),
    FOREIGN KEY (tenant, user_id) REFERENCES users (tenant, id)
) STRICT;

-- `role` and `team_role.role` name a built-in role, or one of `custom_role`. `permissions` are names with a space between them.
CREATE TABLE custom_role (
    tenant       BLOB NOT NULL REFERENCES tenant (id),
    id           BLOB NOT NULL,
    name         TEXT NOT NULL,
    label        TEXT NOT NULL,
    description  TEXT NOT NULL,
    permissions  TEXT NOT NULL,
    created_at   INTEGER NOT NULL,
    PRIMARY KEY (tenant, id),
    UNIQUE (tenant, name),
    UNIQUE (tenant, label)
) STRICT;

CREATE TABLE team (
    tenant       BLOB NOT NULL REFERENCES tenant (id),
    id           BLOB NOT NULL,
    name         TEXT NOT NULL,
    description  TEXT NOT NULL,
    created_at   INTEGER NOT NULL,
    PRIMARY KEY (tenant, id),
    UNIQUE (tenant, name)
) STRICT;

CREATE TABLE team_role (
    tenant  BLOB NOT NULL,
    team    BLOB NOT NULL,
    role    TEXT NOT NULL,
    PRIMARY KEY (tenant, team, role),
    FOREIGN KEY (tenant, team) REFERENCES team (tenant, id)
) STRICT;
CREATE INDEX team_role_by_role ON team_role (tenant, role, team);

CREATE TABLE team_member (
    tenant      BLOB NOT NULL,
    id          BLOB NOT NULL,
    team        BLOB NOT NULL,
    user_id     BLOB NOT NULL,
    created_at  INTEGER NOT NULL,
    PRIMARY KEY (tenant, id),
    UNIQUE (tenant, team, user_id),
    FOREIGN KEY (tenant, team) REFERENCES team (tenant, id),
    FOREIGN KEY (tenant, user_id) REFERENCES users (tenant, id)
) STRICT;
CREATE INDEX team_member_by_user ON team_member (tenant, user_id, team);

-- A grant with `expires_at` ends by itself then, whatever else is written; `ended_at` is when that was recorded.
CREATE TABLE user_grant (
    tenant      BLOB NOT NULL,
    id          BLOB NOT NULL,
    user_id     BLOB NOT NULL,
    permission  TEXT NOT NULL,
    effect      TEXT NOT NULL CHECK (effect IN ('grant', 'deny')),
    reason      TEXT NOT NULL,
    created_at  INTEGER NOT NULL,
    expires_at  INTEGER,
    ended_at    INTEGER,
    PRIMARY KEY (tenant, id),
    UNIQUE (tenant, user_id, permission),
    FOREIGN KEY (tenant, user_id) REFERENCES users (tenant, id)
) STRICT;
CREATE INDEX user_grant_by_permission ON user_grant (tenant, permission, user_id);
CREATE INDEX user_grant_to_end ON user_grant (tenant, expires_at) WHERE expires_at IS NOT NULL AND ended_at IS NULL;

CREATE TABLE invitation (
    tenant         BLOB NOT NULL REFERENCES tenant (id),
    id             BLOB NOT NULL,
    email          TEXT NOT NULL,
    role           TEXT NOT NULL,
    invited_by     BLOB,
    state          TEXT NOT NULL CHECK (state IN ('open', 'accepted', 'declined', 'revoked', 'expired')),
    token_hash     BLOB NOT NULL,
    reminder_hash  BLOB,
    sends          INTEGER NOT NULL,
    sent_at        INTEGER NOT NULL,
    reminded_at    INTEGER,
    created_at     INTEGER NOT NULL,
    expires_at     INTEGER NOT NULL,
    PRIMARY KEY (tenant, id),
    UNIQUE (tenant, token_hash),
    UNIQUE (tenant, reminder_hash)
) STRICT;
CREATE INDEX invitation_by_state ON invitation (tenant, state, expires_at);
CREATE INDEX invitation_by_address ON invitation (tenant, email, state);
CREATE INDEX invitation_by_role ON invitation (tenant, role, id) WHERE state = 'open';
CREATE INDEX invitation_by_inviter ON invitation (tenant, invited_by, role, expires_at) WHERE state = 'open';
CREATE INDEX invitation_to_remind ON invitation (tenant, expires_at) WHERE state = 'open' AND reminded_at IS NULL;
CREATE INDEX invitation_to_expire ON invitation (tenant, expires_at) WHERE state = 'open';

-- Links of an invitation that another one has replaced: enough of them to know that they were real.
CREATE TABLE invitation_link (
    tenant       BLOB NOT NULL,
    token_hash   BLOB NOT NULL,
    invitation   BLOB NOT NULL,
    replaced_at  INTEGER NOT NULL,
    PRIMARY KEY (tenant, token_hash),
    FOREIGN KEY (tenant, invitation) REFERENCES invitation (tenant, id)
) STRICT;
CREATE INDEX invitation_link_by_invitation ON invitation_link (tenant, invitation, replaced_at);

-- Letters to people. Recipient and content are sealed; the content goes once the letter is settled, the recipient once the person
-- is deleted. `recipient_tag` is of the address as it is, `mailbox_tag` of the address without what follows a `+`.
CREATE TABLE mail (
    tenant           BLOB NOT NULL REFERENCES tenant (id),
    id               BLOB NOT NULL,
    kind             TEXT NOT NULL,
    about            BLOB NOT NULL,
    recipient        BLOB,
    recipient_tag    BLOB,
    content          BLOB,
    state            TEXT NOT NULL CHECK (state IN ('waiting', 'sent', 'given_up')),
    attempts         INTEGER NOT NULL,
    fault            TEXT,
    created_at       INTEGER NOT NULL,
    next_attempt_at  INTEGER NOT NULL,
    last_day         INTEGER NOT NULL,
    settled_at       INTEGER,
    channel          TEXT NOT NULL CHECK (channel IN ('mail', 'webhook')),
    mailbox_tag      BLOB,
    PRIMARY KEY (tenant, id),
    CHECK ((state = 'waiting') = (content IS NOT NULL)),
    CHECK ((state = 'waiting') = (settled_at IS NULL)),
    CHECK ((recipient IS NULL) = (recipient_tag IS NULL)),
    CHECK (recipient IS NOT NULL OR state <> 'waiting'),
    CHECK ((recipient_tag IS NULL) = (mailbox_tag IS NULL))
) STRICT;
CREATE INDEX mail_by_time ON mail (tenant, created_at, id);
CREATE INDEX mail_by_state ON mail (tenant, state, created_at, id);
CREATE INDEX mail_by_recipient ON mail (tenant, recipient_tag, created_at);
CREATE INDEX mail_by_subject ON mail (tenant, about, created_at);
CREATE INDEX mail_due ON mail (tenant, next_attempt_at) WHERE state = 'waiting';

-- One-time codes for sensitive changes, where whoever asked is at home. `target` is the tenant of the change.
CREATE TABLE step_up (
    tenant       BLOB NOT NULL,
    id           BLOB NOT NULL,
    user_id      BLOB NOT NULL,
    session      BLOB NOT NULL,
    action       TEXT NOT NULL,
    target       BLOB NOT NULL,
    entity_type  TEXT NOT NULL,
    entity_id    BLOB NOT NULL,
    digest       BLOB NOT NULL,
    code_hash    BLOB NOT NULL,
    tries_left   INTEGER NOT NULL CHECK (tries_left BETWEEN 0 AND 5),
    created_at   INTEGER NOT NULL,
    expires_at   INTEGER NOT NULL,
    used_at      INTEGER,
    PRIMARY KEY (tenant, id),
    FOREIGN KEY (tenant, user_id) REFERENCES users (tenant, id),
    FOREIGN KEY (tenant, session) REFERENCES session (tenant, id)
) STRICT;
CREATE INDEX step_up_by_user ON step_up (tenant, user_id, created_at);
CREATE INDEX step_up_by_session ON step_up (tenant, session);

-- The phone numbers to which people have one-time codes sent, sealed. Removing the row is erasure.
CREATE TABLE phone (
    tenant       BLOB NOT NULL,
    user_id      BLOB NOT NULL,
    number       BLOB NOT NULL,
    verified_at  INTEGER NOT NULL,
    PRIMARY KEY (tenant, user_id),
    FOREIGN KEY (tenant, user_id) REFERENCES users (tenant, id)
) STRICT;

-- A number that waits for its two codes: one of each person at most, gone once it is over.
CREATE TABLE phone_check (
    tenant        BLOB NOT NULL,
    user_id       BLOB NOT NULL,
    id            BLOB NOT NULL,
    number        BLOB NOT NULL,
    message_hash  BLOB NOT NULL,
    letter_hash   BLOB NOT NULL,
    tries_left    INTEGER NOT NULL CHECK (tries_left BETWEEN 0 AND 5),
    created_at    INTEGER NOT NULL,
    expires_at    INTEGER NOT NULL,
    PRIMARY KEY (tenant, user_id),
    FOREIGN KEY (tenant, user_id) REFERENCES users (tenant, id)
) STRICT;

CREATE TABLE api_key (
    tenant      BLOB NOT NULL REFERENCES tenant (id),
    id          BLOB NOT NULL,
    name        TEXT NOT NULL,
    prefix      TEXT NOT NULL,
    hash        BLOB NOT NULL,
    scopes      TEXT NOT NULL,
    created_by  BLOB,
    created_at  INTEGER NOT NULL,
    expires_at  INTEGER,
    revoked_at  INTEGER,
    PRIMARY KEY (tenant, id),
    UNIQUE (tenant, hash)
) STRICT;
CREATE INDEX api_key_by_end ON api_key (tenant, revoked_at, expires_at);

CREATE TABLE security_event (
    tenant       BLOB NOT NULL REFERENCES tenant (id),
    id           BLOB NOT NULL,
    kind         TEXT NOT NULL,
    severity     TEXT NOT NULL CHECK (severity IN ('info', 'warning', 'high')),
    detail       TEXT NOT NULL,
    audit_event  BLOB NOT NULL,
    triage       TEXT NOT NULL CHECK (triage IN ('open', 'acknowledged', 'resolved')),
    at           INTEGER NOT NULL,
    PRIMARY KEY (tenant, id)
) STRICT;
CREATE INDEX security_event_by_time ON security_event (tenant, at, id);
CREATE INDEX security_event_by_severity ON security_event (tenant, severity, triage);

-- The audit log. `bytes` are the exact octets whose hash is the leaf of the tenant's Merkle tree.
CREATE TABLE audit_event (
    tenant  BLOB NOT NULL REFERENCES tenant (id),
    id      BLOB NOT NULL,
    hash    BLOB NOT NULL,
    bytes   BLOB NOT NULL,
    PRIMARY KEY (tenant, id)
) STRICT, WITHOUT ROWID;

-- Events not yet in the tree: a set, not a cursor, so that a late commit is never skipped. The source is the tag by which search knows
-- the address, which the event itself only commits to; the owner is whose the thing is, which only its first event says.
CREATE TABLE audit_pending (
    tenant       BLOB NOT NULL,
    event        BLOB NOT NULL,
    recorded_at  INTEGER NOT NULL,
    source       BLOB,
    owner        BLOB,
    PRIMARY KEY (tenant, recorded_at, event)
) STRICT;

-- The newest revision of every entity and the hash of the event that wrote it.
CREATE TABLE audit_head (
    tenant       BLOB NOT NULL,
    entity_type  TEXT NOT NULL,
    entity_id    BLOB NOT NULL,
    revision     INTEGER NOT NULL,
    hash         BLOB NOT NULL,
    PRIMARY KEY (tenant, entity_type, entity_id)
) STRICT, WITHOUT ROWID;

-- Events in tree order, with what search filters by.
CREATE TABLE audit_leaf (
    tenant       BLOB NOT NULL,
    leaf_index   INTEGER NOT NULL,
    event        BLOB NOT NULL,
    hash         BLOB NOT NULL,
    recorded_at  INTEGER NOT NULL,
    actor_kind   TEXT NOT NULL,
    actor_id     BLOB,
    action       TEXT NOT NULL,
    outcome      TEXT NOT NULL,
    entity_type  TEXT NOT NULL,
    entity_id    BLOB NOT NULL,
    revision     INTEGER NOT NULL,
    PRIMARY KEY (tenant, leaf_index)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX audit_leaf_by_event ON audit_leaf (tenant, event);
CREATE INDEX audit_leaf_by_entity ON audit_leaf (tenant, entity_type, entity_id, leaf_index);

-- What search goes along: for each term (an actor, an action, a word, …) and each full block of 512 leaves, which of them have it.
-- Written once, when the block is full.
CREATE TABLE audit_posting (
    tenant  BLOB NOT NULL,
    term    BLOB NOT NULL,
    block   INTEGER NOT NULL,
    hits    BLOB NOT NULL,
    PRIMARY KEY (tenant, term, block)
) STRICT, WITHOUT ROWID;

-- The terms of the leaves behind the last full block.
CREATE TABLE audit_tail (
    tenant      BLOB NOT NULL,
    leaf_index  INTEGER NOT NULL,
    terms       BLOB NOT NULL,
    PRIMARY KEY (tenant, leaf_index)
) STRICT, WITHOUT ROWID;

-- How many events there were in each hour (a span of 1) and each day in UTC (a span of 24), counted in hours since 1970.
CREATE TABLE audit_rollup (
    tenant       BLOB NOT NULL,
    span         INTEGER NOT NULL CHECK (span IN (1, 24)),
    start        INTEGER NOT NULL,
    entity_type  TEXT NOT NULL,
    action       TEXT NOT NULL,
    outcome      TEXT NOT NULL,
    events       INTEGER NOT NULL,
    PRIMARY KEY (tenant, span, start, entity_type, action, outcome)
) STRICT, WITHOUT ROWID;

-- Searches of the log that people keep, some of them for everybody in the tenant who may read it.
CREATE TABLE saved_search (
    tenant      BLOB NOT NULL REFERENCES tenant (id),
    id          BLOB NOT NULL,
    user_id     BLOB NOT NULL,
    name        TEXT NOT NULL,
    query       TEXT NOT NULL,
    shared      INTEGER NOT NULL CHECK (shared IN (0, 1)),
    created_at  INTEGER NOT NULL,
    PRIMARY KEY (tenant, id),
    UNIQUE (tenant, user_id, name),
    FOREIGN KEY (tenant, user_id) REFERENCES users (tenant, id)
) STRICT;
CREATE INDEX saved_search_shared ON saved_search (tenant, name, id) WHERE shared = 1;

-- Full tiles of 256 hashes; the right edge of the tree comes from the leaves.
CREATE TABLE audit_tile (
    tenant  BLOB NOT NULL,
    level   INTEGER NOT NULL,
    idx     INTEGER NOT NULL,
    hashes  BLOB NOT NULL,
    PRIMARY KEY (tenant, level, idx)
) STRICT;

CREATE TABLE audit_tree (
    tenant    BLOB NOT NULL REFERENCES tenant (id),
    size      INTEGER NOT NULL,
    frontier  BLOB NOT NULL,
    signed    INTEGER NOT NULL,
    PRIMARY KEY (tenant)
) STRICT;
CREATE INDEX audit_tree_unsigned ON audit_tree (tenant) WHERE size > signed;

-- Published checkpoints, after they were stored outside the database.
CREATE TABLE audit_checkpoint (
    tenant     BLOB NOT NULL REFERENCES tenant (id),
    size       INTEGER NOT NULL,
    note       TEXT NOT NULL,
    signed_at  INTEGER NOT NULL,
    PRIMARY KEY (tenant, size)
) STRICT;

-- What witnesses cosigned: signature lines (C2SP tlog-cosignature) that belong under a published checkpoint.
CREATE TABLE audit_cosignature (
    tenant       BLOB NOT NULL REFERENCES tenant (id),
    size         INTEGER NOT NULL,
    witness      TEXT NOT NULL,
    line         TEXT NOT NULL,
    cosigned_at  INTEGER NOT NULL,
    PRIMARY KEY (tenant, size, witness)
) STRICT;

-- How far each witness has come, and how it stands: what is asked of it next.
CREATE TABLE audit_witness (
    tenant    BLOB NOT NULL REFERENCES tenant (id),
    witness   TEXT NOT NULL,
    size      INTEGER NOT NULL,
    standing  TEXT NOT NULL CHECK (standing IN ('ok', 'unreachable', 'unknown', 'refused')),
    at        INTEGER NOT NULL,
    PRIMARY KEY (tenant, witness)
) STRICT;

-- Signing and cosigning that was refused: alarms.
CREATE TABLE audit_refusal (
    tenant   BLOB NOT NULL REFERENCES tenant (id),
    id       BLOB NOT NULL,
    refuser  TEXT NOT NULL,
    why      TEXT NOT NULL CHECK (why IN ('rollback', 'fork', 'ahead')),
    size     INTEGER NOT NULL,
    seen     INTEGER,
    at       INTEGER NOT NULL,
    PRIMARY KEY (tenant, id)
) STRICT;
CREATE INDEX audit_refusal_by_time ON audit_refusal (tenant, at, id);

-- Logs that went on under another name after signed events were lost.
CREATE TABLE audit_epoch (
    tenant     BLOB NOT NULL REFERENCES tenant (id),
    epoch      INTEGER NOT NULL,
    id         BLOB NOT NULL,
    kept       INTEGER NOT NULL,
    kept_at    INTEGER,
    signed     INTEGER NOT NULL,
    signed_at  INTEGER,
    begun_at   INTEGER NOT NULL,
    PRIMARY KEY (tenant, epoch)
) STRICT;

-- That a head of the tenant's log lies in the tree of heads, which is kept outside the database.
CREATE TABLE audit_region_head (
    tenant       BLOB NOT NULL REFERENCES tenant (id),
    heads_index  INTEGER NOT NULL,
    receipt      TEXT NOT NULL,
    noted_at     INTEGER NOT NULL,
    PRIMARY KEY (tenant, heads_index)
) STRICT;

-- Personal values of an event, sealed under their subject's key, apart from the hashed bytes.
CREATE TABLE audit_personal (
    tenant   BLOB NOT NULL,
    event    BLOB NOT NULL,
    subject  BLOB NOT NULL,
    sealed   BLOB NOT NULL,
    PRIMARY KEY (tenant, event, subject)
) STRICT, WITHOUT ROWID;
CREATE INDEX audit_personal_by_subject ON audit_personal (tenant, subject, event);

-- Where the records are that decide what people may do, by the person, role or team they are about. What they say stands in the
-- record alone. Of those that say nothing of rights only
-- the last is read.
CREATE TABLE audit_access (
    tenant       BLOB NOT NULL REFERENCES tenant (id),
    subject      BLOB NOT NULL,
    recorded_at  INTEGER NOT NULL,
    event        BLOB NOT NULL,
    kind         TEXT NOT NULL,
    action       TEXT NOT NULL,
    says         TEXT NOT NULL CHECK (says IN ('rights', 'name', 'nothing')),
    PRIMARY KEY (tenant, subject, recorded_at, event)
) STRICT;
CREATE INDEX audit_access_by_kind ON audit_access (tenant, kind, recorded_at, event);
CREATE INDEX audit_access_by_action ON audit_access (tenant, action, subject, recorded_at);

-- Legal holds. A lifted one stays, as evidence.
CREATE TABLE audit_hold (
    tenant       BLOB NOT NULL REFERENCES tenant (id),
    id           BLOB NOT NULL,
    scope        TEXT NOT NULL CHECK (scope IN ('tenant', 'person', 'entity', 'range')),
    person       BLOB,
    entity_type  TEXT,
    entity_id    BLOB,
    from_at      INTEGER,
    until_at     INTEGER,
    action       TEXT,
    reason       TEXT NOT NULL,
    placed_by    BLOB,
    placed_at    INTEGER NOT NULL,
    lifted_by    BLOB,
    lifted_at    INTEGER,
    PRIMARY KEY (tenant, id),
    CHECK ((scope = 'person') = (person IS NOT NULL)),
    CHECK ((scope = 'entity') = (entity_type IS NOT NULL AND entity_id IS NOT NULL))
) STRICT;
CREATE INDEX audit_hold_by_time ON audit_hold (tenant, placed_at, id);
CREATE INDEX audit_hold_standing ON audit_hold (tenant, placed_at, id) WHERE lifted_at IS NULL;

-- Requests about what is kept of a person, who is named by an opaque id. The address is there while the request is open and the person
-- has no account; `address_tag`, which no other tag can be compared with, stays, so that a repeated question gets the same answer.
CREATE TABLE subject_request (
    tenant       BLOB NOT NULL REFERENCES tenant (id),
    id           BLOB NOT NULL,
    person       BLOB NOT NULL,
    address      TEXT,
    address_tag  BLOB,
    state        TEXT NOT NULL CHECK (state IN ('open', 'done')),
    erased       TEXT NOT NULL,
    disclosures  INTEGER NOT NULL,
    created_at   INTEGER NOT NULL,
    PRIMARY KEY (tenant, id),
    CHECK (address IS NULL OR state = 'open')
) STRICT;
CREATE INDEX subject_request_by_time ON subject_request (tenant, created_at, id);
CREATE INDEX subject_request_by_person ON subject_request (tenant, person, created_at);
CREATE INDEX subject_request_by_address ON subject_request (tenant, address_tag, created_at);

-- Exports of the log: what was asked for, how far the writing has come, and what became of the file, which lies outside.
CREATE TABLE audit_export (
    tenant           BLOB NOT NULL REFERENCES tenant (id),
    id               BLOB NOT NULL,
    format           TEXT NOT NULL CHECK (format IN ('csv', 'jsonl', 'ocsf', 'parquet')),
    selection        TEXT NOT NULL,
    asked_by         BLOB,
    state            TEXT NOT NULL CHECK (state IN ('waiting', 'done', 'failed', 'removed')),
    downloads        INTEGER NOT NULL,
    records          INTEGER,
    octets           INTEGER,
    digest           TEXT,
    failure          TEXT,
    created_at       INTEGER NOT NULL,
    finished_at      INTEGER,
    expires_at       INTEGER NOT NULL,
    tree_size        INTEGER,
    checkpoint       TEXT,
    before_leaf      INTEGER,
    written_records  INTEGER NOT NULL,
    written_octets   INTEGER NOT NULL,
    taken_at         INTEGER,
    PRIMARY KEY (tenant, id)
) STRICT;
CREATE INDEX audit_export_by_time ON audit_export (tenant, created_at, id);
CREATE INDEX audit_export_at_work ON audit_export (state, expires_at, tenant, id) WHERE state IN ('waiting', 'done');

-- Segments of the log that lie in the archive, and were read back from there: up to which leaf, the digest of the signed manifest,
-- and the right edge of the tree at that point.
CREATE TABLE audit_segment (
    tenant      BLOB NOT NULL REFERENCES tenant (id),
    size        INTEGER NOT NULL,
    first_leaf  INTEGER NOT NULL,
    octets      INTEGER NOT NULL,
    digest      BLOB NOT NULL,
    frontier    BLOB NOT NULL,
    written_at  INTEGER NOT NULL,
    PRIMARY KEY (tenant, size),
    UNIQUE (tenant, first_leaf),
    CHECK (first_leaf >= 0 AND size > first_leaf)
) STRICT;

-- The day (its midnight) on which somebody, and holders of a role, last used a permission; and since when that is noted.
CREATE TABLE permission_use (
    tenant        BLOB NOT NULL,
    user_id       BLOB NOT NULL,
    permission    TEXT NOT NULL,
    last_used_on  INTEGER NOT NULL,
    PRIMARY KEY (tenant, user_id, permission),
    FOREIGN KEY (tenant, user_id) REFERENCES users (tenant, id)
) STRICT;

CREATE TABLE role_use (
    tenant        BLOB NOT NULL REFERENCES tenant (id),
    role          TEXT NOT NULL,
    permission    TEXT NOT NULL,
    last_used_on  INTEGER NOT NULL,
    PRIMARY KEY (tenant, role, permission)
) STRICT;

CREATE TABLE permission_recording (
    tenant  BLOB NOT NULL REFERENCES tenant (id),
    since   INTEGER NOT NULL,
    PRIMARY KEY (tenant)
) STRICT;

-- Events of the guarded product: what of them is never stored, how they have to look, and the keys by which one is known again.
-- `revision` grows with every change of the first two. Keys and payloads are keyed hashes: nothing of an event is kept here.
CREATE TABLE event_intake (
    tenant     BLOB NOT NULL REFERENCES tenant (id),
    revision   INTEGER NOT NULL,
    rules      TEXT NOT NULL,
    detectors  TEXT NOT NULL,
    PRIMARY KEY (tenant)
) STRICT;

CREATE TABLE event_schema (
    tenant      BLOB NOT NULL REFERENCES tenant (id),
    id          BLOB NOT NULL,
    action      TEXT NOT NULL,
    schema      TEXT NOT NULL,
    created_at  INTEGER NOT NULL,
    PRIMARY KEY (tenant, id),
    UNIQUE (tenant, action)
) STRICT;

CREATE TABLE audit_intake (
    tenant   BLOB NOT NULL,
    key      BLOB NOT NULL,
    event    BLOB NOT NULL,
    payload  BLOB NOT NULL,
    PRIMARY KEY (tenant, key)
) STRICT, WITHOUT ROWID;

-- What a thing was at every 128th revision, so that no long history is read from its beginning. The row comes with the record;
-- the image is made from the records afterwards and sealed, and counts only together with the record that it names. Never evidence.
CREATE TABLE audit_image (
    tenant       BLOB NOT NULL,
    entity_type  TEXT NOT NULL,
    entity_id    BLOB NOT NULL,
    revision     INTEGER NOT NULL,
    leaf_index   INTEGER NOT NULL,
    recorded_at  INTEGER NOT NULL,
    hash         BLOB NOT NULL,
    image        BLOB,
    seal         BLOB,
    PRIMARY KEY (tenant, entity_type, entity_id, revision)
) STRICT;
CREATE INDEX audit_image_due ON audit_image (tenant) WHERE image IS NULL;

-- How many days records of a class of actions stay in the database; a class without a row stays for good.
CREATE TABLE audit_retention (
    tenant  BLOB NOT NULL REFERENCES tenant (id),
    class   TEXT NOT NULL,
    days    INTEGER NOT NULL CHECK (days >= 90),
    PRIMARY KEY (tenant, class)
) STRICT;

-- What the retention took: how many records of a segment of the archive, and the digest of what is left of them.
CREATE TABLE audit_retirement (
    tenant      BLOB NOT NULL REFERENCES tenant (id),
    id          BLOB NOT NULL,
    segment     INTEGER NOT NULL,
    first_leaf  INTEGER NOT NULL,
    last_leaf   INTEGER NOT NULL,
    records     INTEGER NOT NULL,
    classes     TEXT NOT NULL,
    digest      TEXT NOT NULL,
    retired_at  INTEGER NOT NULL,
    PRIMARY KEY (tenant, id),
    FOREIGN KEY (tenant, segment) REFERENCES audit_segment (tenant, size)
) STRICT;
CREATE INDEX audit_retirement_by_time ON audit_retirement (tenant, retired_at, id);

-- What is left of a record that the retention took: its hash for the tree, its link for the chain, and where the archive has it.
CREATE TABLE audit_retired (
    tenant       BLOB NOT NULL,
    leaf_index   INTEGER NOT NULL,
    event        BLOB NOT NULL,
    hash         BLOB NOT NULL,
    entity_type  TEXT NOT NULL,
    entity_id    BLOB NOT NULL,
    revision     INTEGER NOT NULL,
    prev         BLOB,
    segment      INTEGER NOT NULL,
    retirement   BLOB NOT NULL,
    PRIMARY KEY (tenant, leaf_index),
    FOREIGN KEY (tenant, retirement) REFERENCES audit_retirement (tenant, id)
) STRICT;
CREATE UNIQUE INDEX audit_retired_by_event ON audit_retired (tenant, event);
CREATE INDEX audit_retired_by_entity ON audit_retired (tenant, entity_type, entity_id, revision);

-- Segments of the archive that were asked back, so that their records can be searched for a time.
CREATE TABLE audit_restore (
    tenant       BLOB NOT NULL REFERENCES tenant (id),
    id           BLOB NOT NULL,
    segment      INTEGER NOT NULL,
    first_leaf   INTEGER NOT NULL,
    state        TEXT NOT NULL CHECK (state IN ('waiting', 'done', 'failed', 'ended')),
    asked_by     BLOB,
    reason       TEXT NOT NULL,
    records      INTEGER NOT NULL,
    failure      TEXT,
    created_at   INTEGER NOT NULL,
    finished_at  INTEGER,
    expires_at   INTEGER NOT NULL,
    PRIMARY KEY (tenant, id),
    FOREIGN KEY (tenant, segment) REFERENCES audit_segment (tenant, size)
) STRICT;
CREATE INDEX audit_restore_by_time ON audit_restore (tenant, created_at, id);
CREATE INDEX audit_restore_at_work ON audit_restore (state, expires_at, tenant, id) WHERE state IN ('waiting', 'done');
CREATE UNIQUE INDEX audit_restore_open ON audit_restore (tenant, segment) WHERE state IN ('waiting', 'done');

-- Records that the retention had taken and that are back for a time.
CREATE TABLE audit_restored (
    tenant      BLOB NOT NULL,
    leaf_index  INTEGER NOT NULL,
    restore     BLOB NOT NULL,
    PRIMARY KEY (tenant, leaf_index),
    FOREIGN KEY (tenant, leaf_index) REFERENCES audit_retired (tenant, leaf_index),
    FOREIGN KEY (tenant, restore) REFERENCES audit_restore (tenant, id)
) STRICT;
CREATE INDEX audit_restored_by_restore ON audit_restored (tenant, restore, leaf_index);

-- Alarms about the keeping of the logs; one of a kind at a time.
CREATE TABLE audit_alarm (
    tenant     BLOB NOT NULL REFERENCES tenant (id),
    id         BLOB NOT NULL,
    kind       TEXT NOT NULL CHECK (kind IN ('unsequenced', 'archive_lag', 'gap')),
    detail     TEXT NOT NULL,
    raised_at  INTEGER NOT NULL,
    ended_at   INTEGER,
    PRIMARY KEY (tenant, id)
) STRICT;
CREATE INDEX audit_alarm_by_time ON audit_alarm (tenant, raised_at, id);
CREATE UNIQUE INDEX audit_alarm_open ON audit_alarm (tenant, kind) WHERE ended_at IS NULL;

-- Which records that are in the database a hold keeps: what the retention asks, and the triggers below ask once more.
CREATE VIEW audit_held AS
SELECT l.tenant, l.leaf_index, h.id AS hold
FROM audit_leaf l JOIN audit_hold h ON h.tenant = l.tenant
WHERE h.lifted_at IS NULL
  AND (h.scope = 'tenant'
    OR (h.scope = 'person'
        AND (l.actor_id = h.person OR l.entity_id = h.person
            OR EXISTS (SELECT 1 AS one FROM audit_personal p WHERE p.tenant = l.tenant AND p.event = l.event AND p.subject = h.person)))
    OR (h.scope = 'entity' AND l.entity_type = h.entity_type AND l.entity_id = h.entity_id)
    OR (h.scope = 'range'
        AND (h.from_at IS NULL OR l.recorded_at >= h.from_at) AND (h.until_at IS NULL OR l.recorded_at < h.until_at)
        AND (h.action IS NULL OR l.action = h.action OR substr(l.action, 1, length(h.action) + 1) = h.action || '.')));

-- What the last verification of the log found; written by the verifier, since a log cannot vouch for itself. No count where it failed.
CREATE TABLE audit_verification (
    tenant   BLOB NOT NULL REFERENCES tenant (id),
    at       INTEGER NOT NULL,
    events   INTEGER,
    outcome  TEXT NOT NULL CHECK (outcome IN ('held', 'failed')),
    PRIMARY KEY (tenant)
) STRICT;

-- Tamper drills: what was done to a copy of the log, what verification said, and what the database refused. Evidence, so append-only.
CREATE TABLE audit_drill (
    tenant       BLOB NOT NULL REFERENCES tenant (id),
    id           BLOB NOT NULL,
    kind         TEXT NOT NULL CHECK (kind IN ('record', 'tile', 'checkpoint', 'removed', 'inserted', 'reordered')),
    target       TEXT NOT NULL,
    outcome      TEXT NOT NULL CHECK (outcome IN ('named', 'noticed', 'missed', 'unsound')),
    found        TEXT NOT NULL,
    records      INTEGER NOT NULL,
    took_micros  INTEGER NOT NULL,
    seed         INTEGER NOT NULL,
    probes       TEXT NOT NULL,
    at           INTEGER NOT NULL,
    PRIMARY KEY (tenant, id)
) STRICT;
CREATE INDEX audit_drill_by_time ON audit_drill (tenant, at, id);

-- How far the log was looked at for what is unusual, what each actor usually does, and the notes. All of it goes with the person.
CREATE TABLE audit_watch (
    tenant     BLOB NOT NULL REFERENCES tenant (id),
    next_leaf  INTEGER NOT NULL,
    PRIMARY KEY (tenant)
) STRICT;

CREATE TABLE audit_habit (
    tenant   BLOB NOT NULL,
    actor    BLOB NOT NULL,
    user_id  BLOB NOT NULL,
    habit    TEXT NOT NULL,
    PRIMARY KEY (tenant, actor),
    FOREIGN KEY (tenant, user_id) REFERENCES users (tenant, id)
) STRICT;
CREATE INDEX audit_habit_by_user ON audit_habit (tenant, user_id);

CREATE TABLE audit_anomaly (
    tenant   BLOB NOT NULL,
    id       BLOB NOT NULL,
    kind     TEXT NOT NULL CHECK (kind IN ('place', 'device', 'action', 'burst', 'hour')),
    actor    BLOB NOT NULL,
    user_id  BLOB NOT NULL,
    what     TEXT NOT NULL,
    leaf     INTEGER NOT NULL,
    query    TEXT NOT NULL,
    at       INTEGER NOT NULL,
    PRIMARY KEY (tenant, id),
    FOREIGN KEY (tenant, user_id) REFERENCES users (tenant, id)
) STRICT;
CREATE INDEX audit_anomaly_by_time ON audit_anomaly (tenant, at, id);
CREATE INDEX audit_anomaly_by_user ON audit_anomaly (tenant, user_id);

-- Where the audit log is sent as it grows. `sealed` holds the address with its credentials, `place` a keyed tag of it. What comes after
-- `created_at` says how far the stream came: `next_leaf` moves once the other side has taken everything before it, `planned_upto` is
-- the end of the parcel that is on its way, which stays the same however often it is tried. `claims` counts who took the stream, so that
-- whoever was too slow settles nothing.
CREATE TABLE audit_stream (
    tenant           BLOB NOT NULL REFERENCES tenant (id),
    id               BLOB NOT NULL,
    name             TEXT NOT NULL,
    kind             TEXT NOT NULL CHECK (kind IN ('webhook', 'syslog', 's3')),
    origin           TEXT NOT NULL,
    place            TEXT NOT NULL,
    sealed           BLOB NOT NULL,
    only_action      TEXT,
    only_entity      TEXT,
    only_outcome     TEXT CHECK (only_outcome IN ('ok', 'denied', 'failed')),
    state            TEXT NOT NULL CHECK (state IN ('proposed', 'active', 'paused', 'disabled')),
    secret           INTEGER NOT NULL,
    replayed_from    INTEGER,
    tests            INTEGER NOT NULL,
    failing          INTEGER NOT NULL CHECK (failing IN (0, 1)),
    created_at       INTEGER NOT NULL,
    next_leaf        INTEGER NOT NULL CHECK (next_leaf >= 0),
    planned_upto     INTEGER,
    planned_size     INTEGER,
    claims           INTEGER NOT NULL,
    leased_until     INTEGER NOT NULL,
    attempts         INTEGER NOT NULL,
    fault            TEXT,
    failing_since    INTEGER,
    next_attempt_at  INTEGER NOT NULL,
    delivered        INTEGER NOT NULL,
    delivered_at     INTEGER,
    dead_in_a_row    INTEGER NOT NULL,
    test_asked_at    INTEGER,
    tested_at        INTEGER,
    test_fault       TEXT,
    PRIMARY KEY (tenant, id),
    UNIQUE (tenant, name),
    CHECK ((planned_upto IS NULL) = (planned_size IS NULL))
) STRICT;
CREATE INDEX audit_stream_due ON audit_stream (tenant, next_attempt_at);

-- What a stream signs with, sealed. The newest has no end; the one before it has, and signs beside it until then.
CREATE TABLE audit_stream_secret (
    tenant     BLOB NOT NULL,
    stream     BLOB NOT NULL,
    number     INTEGER NOT NULL,
    sealed     BLOB NOT NULL,
    ends_at    INTEGER,
    PRIMARY KEY (tenant, stream, number),
    FOREIGN KEY (tenant, stream) REFERENCES audit_stream (tenant, id)
) STRICT;

-- Records that the other side of a stream does not take, until they arrive after all.
CREATE TABLE audit_stream_dead (
    tenant      BLOB NOT NULL,
    stream      BLOB NOT NULL,
    leaf_index  INTEGER NOT NULL,
    event       BLOB NOT NULL,
    attempts    INTEGER NOT NULL,
    fault       TEXT NOT NULL,
    at          INTEGER NOT NULL,
    PRIMARY KEY (tenant, stream, leaf_index),
    FOREIGN KEY (tenant, stream) REFERENCES audit_stream (tenant, id)
) STRICT;

-- Append-only: whoever changes the past has to remove these first, which the schema check at start names.
CREATE TRIGGER audit_event_no_update BEFORE UPDATE ON audit_event BEGIN SELECT RAISE(ABORT, 'audit_event is append-only'); END;
-- But for records that the retention takes: what is left of them stands in `audit_retired` before they go, which takes only what the
-- archive holds and no hold keeps.
CREATE TRIGGER audit_event_no_delete BEFORE DELETE ON audit_event WHEN NOT EXISTS (SELECT 1 FROM audit_retired r WHERE r.tenant = OLD.tenant AND r.event = OLD.id AND r.hash = OLD.hash AND NOT EXISTS (SELECT 1 FROM audit_held h WHERE h.tenant = r.tenant AND h.leaf_index = r.leaf_index)) BEGIN SELECT RAISE(ABORT, 'audit_event is append-only'); END;
CREATE TRIGGER audit_leaf_no_update BEFORE UPDATE ON audit_leaf BEGIN SELECT RAISE(ABORT, 'audit_leaf is append-only'); END;
CREATE TRIGGER audit_leaf_no_delete BEFORE DELETE ON audit_leaf WHEN NOT EXISTS (SELECT 1 FROM audit_retired r WHERE r.tenant = OLD.tenant AND r.leaf_index = OLD.leaf_index AND r.hash = OLD.hash AND NOT EXISTS (SELECT 1 FROM audit_held h WHERE h.tenant = r.tenant AND h.leaf_index = r.leaf_index)) BEGIN SELECT RAISE(ABORT, 'audit_leaf is append-only'); END;
CREATE TRIGGER audit_tile_no_update BEFORE UPDATE ON audit_tile BEGIN SELECT RAISE(ABORT, 'audit_tile is append-only'); END;
CREATE TRIGGER audit_tile_no_delete BEFORE DELETE ON audit_tile BEGIN SELECT RAISE(ABORT, 'audit_tile is append-only'); END;
CREATE TRIGGER audit_posting_no_update BEFORE UPDATE ON audit_posting BEGIN SELECT RAISE(ABORT, 'audit_posting is append-only'); END;
-- Sets of leaves are written anew without those that went.
CREATE TRIGGER audit_posting_no_delete BEFORE DELETE ON audit_posting WHEN NOT EXISTS (SELECT 1 FROM audit_retired r WHERE r.tenant = OLD.tenant AND r.leaf_index >= OLD.block * 512 AND r.leaf_index < OLD.block * 512 + 512) BEGIN SELECT RAISE(ABORT, 'audit_posting is append-only'); END;
CREATE TRIGGER audit_checkpoint_no_update BEFORE UPDATE ON audit_checkpoint BEGIN SELECT RAISE(ABORT, 'audit_checkpoint is append-only'); END;
CREATE TRIGGER audit_checkpoint_no_delete BEFORE DELETE ON audit_checkpoint BEGIN SELECT RAISE(ABORT, 'audit_checkpoint is append-only'); END;
CREATE TRIGGER audit_drill_no_update BEFORE UPDATE ON audit_drill BEGIN SELECT RAISE(ABORT, 'audit_drill is append-only'); END;
CREATE TRIGGER audit_drill_no_delete BEFORE DELETE ON audit_drill BEGIN SELECT RAISE(ABORT, 'audit_drill is append-only'); END;
CREATE TRIGGER audit_segment_no_update BEFORE UPDATE ON audit_segment BEGIN SELECT RAISE(ABORT, 'audit_segment is append-only'); END;
CREATE TRIGGER audit_segment_no_delete BEFORE DELETE ON audit_segment BEGIN SELECT RAISE(ABORT, 'audit_segment is append-only'); END;
-- REPLACE takes a row away without a DELETE trigger: whatever has the key or the rowid of a row that is there is refused before.
-- An insertion that names no rowid shows -1 here, which no row has.
CREATE TRIGGER audit_event_no_replace BEFORE INSERT ON audit_event WHEN EXISTS (SELECT 1 FROM audit_event WHERE tenant = NEW.tenant AND id = NEW.id) BEGIN SELECT RAISE(ABORT, 'audit_event is append-only'); END;
CREATE TRIGGER audit_leaf_no_replace BEFORE INSERT ON audit_leaf WHEN EXISTS (SELECT 1 FROM audit_leaf WHERE tenant = NEW.tenant AND leaf_index = NEW.leaf_index) OR EXISTS (SELECT 1 FROM audit_leaf WHERE tenant = NEW.tenant AND event = NEW.event) BEGIN SELECT RAISE(ABORT, 'audit_leaf is append-only'); END;
CREATE TRIGGER audit_tile_no_replace BEFORE INSERT ON audit_tile WHEN EXISTS (SELECT 1 FROM audit_tile WHERE tenant = NEW.tenant AND level = NEW.level AND idx = NEW.idx) OR EXISTS (SELECT 1 FROM audit_tile WHERE rowid = NEW.rowid) BEGIN SELECT RAISE(ABORT, 'audit_tile is append-only'); END;
CREATE TRIGGER audit_posting_no_replace BEFORE INSERT ON audit_posting WHEN EXISTS (SELECT 1 FROM audit_posting WHERE tenant = NEW.tenant AND term = NEW.term AND block = NEW.block) BEGIN SELECT RAISE(ABORT, 'audit_posting is append-only'); END;
CREATE TRIGGER audit_checkpoint_no_replace BEFORE INSERT ON audit_checkpoint WHEN EXISTS (SELECT 1 FROM audit_checkpoint WHERE tenant = NEW.tenant AND size = NEW.size) OR EXISTS (SELECT 1 FROM audit_checkpoint WHERE rowid = NEW.rowid) BEGIN SELECT RAISE(ABORT, 'audit_checkpoint is append-only'); END;
-- The same of what stands beside the log.
CREATE TRIGGER audit_cosignature_no_update BEFORE UPDATE ON audit_cosignature BEGIN SELECT RAISE(ABORT, 'audit_cosignature is append-only'); END;
CREATE TRIGGER audit_cosignature_no_delete BEFORE DELETE ON audit_cosignature BEGIN SELECT RAISE(ABORT, 'audit_cosignature is append-only'); END;
CREATE TRIGGER audit_cosignature_no_replace BEFORE INSERT ON audit_cosignature WHEN EXISTS (SELECT 1 FROM audit_cosignature WHERE tenant = NEW.tenant AND size = NEW.size AND witness = NEW.witness) OR EXISTS (SELECT 1 FROM audit_cosignature WHERE rowid = NEW.rowid) BEGIN SELECT RAISE(ABORT, 'audit_cosignature is append-only'); END;
CREATE TRIGGER audit_refusal_no_update BEFORE UPDATE ON audit_refusal BEGIN SELECT RAISE(ABORT, 'audit_refusal is append-only'); END;
CREATE TRIGGER audit_refusal_no_delete BEFORE DELETE ON audit_refusal BEGIN SELECT RAISE(ABORT, 'audit_refusal is append-only'); END;
CREATE TRIGGER audit_refusal_no_replace BEFORE INSERT ON audit_refusal WHEN EXISTS (SELECT 1 FROM audit_refusal WHERE tenant = NEW.tenant AND id = NEW.id) OR EXISTS (SELECT 1 FROM audit_refusal WHERE rowid = NEW.rowid) BEGIN SELECT RAISE(ABORT, 'audit_refusal is append-only'); END;
CREATE TRIGGER audit_epoch_no_update BEFORE UPDATE ON audit_epoch BEGIN SELECT RAISE(ABORT, 'audit_epoch is append-only'); END;
CREATE TRIGGER audit_epoch_no_delete BEFORE DELETE ON audit_epoch BEGIN SELECT RAISE(ABORT, 'audit_epoch is append-only'); END;
CREATE TRIGGER audit_epoch_no_replace BEFORE INSERT ON audit_epoch WHEN EXISTS (SELECT 1 FROM audit_epoch WHERE tenant = NEW.tenant AND epoch = NEW.epoch) OR EXISTS (SELECT 1 FROM audit_epoch WHERE rowid = NEW.rowid) BEGIN SELECT RAISE(ABORT, 'audit_epoch is append-only'); END;
CREATE TRIGGER audit_region_head_no_update BEFORE UPDATE ON audit_region_head BEGIN SELECT RAISE(ABORT, 'audit_region_head is append-only'); END;
CREATE TRIGGER audit_region_head_no_delete BEFORE DELETE ON audit_region_head BEGIN SELECT RAISE(ABORT, 'audit_region_head is append-only'); END;
CREATE TRIGGER audit_region_head_no_replace BEFORE INSERT ON audit_region_head WHEN EXISTS (SELECT 1 FROM audit_region_head WHERE tenant = NEW.tenant AND heads_index = NEW.heads_index) OR EXISTS (SELECT 1 FROM audit_region_head WHERE rowid = NEW.rowid) BEGIN SELECT RAISE(ABORT, 'audit_region_head is append-only'); END;
CREATE TRIGGER audit_drill_no_replace BEFORE INSERT ON audit_drill WHEN EXISTS (SELECT 1 FROM audit_drill WHERE tenant = NEW.tenant AND id = NEW.id) OR EXISTS (SELECT 1 FROM audit_drill WHERE rowid = NEW.rowid) BEGIN SELECT RAISE(ABORT, 'audit_drill is append-only'); END;
CREATE TRIGGER audit_segment_no_replace BEFORE INSERT ON audit_segment WHEN EXISTS (SELECT 1 FROM audit_segment WHERE tenant = NEW.tenant AND size = NEW.size) OR EXISTS (SELECT 1 FROM audit_segment WHERE tenant = NEW.tenant AND first_leaf = NEW.first_leaf) OR EXISTS (SELECT 1 FROM audit_segment WHERE rowid = NEW.rowid) BEGIN SELECT RAISE(ABORT, 'audit_segment is append-only'); END;
CREATE TRIGGER audit_retired_no_update BEFORE UPDATE ON audit_retired BEGIN SELECT RAISE(ABORT, 'audit_retired is append-only'); END;
CREATE TRIGGER audit_retired_no_delete BEFORE DELETE ON audit_retired BEGIN SELECT RAISE(ABORT, 'audit_retired is append-only'); END;
CREATE TRIGGER audit_retired_no_replace BEFORE INSERT ON audit_retired WHEN EXISTS (SELECT 1 FROM audit_retired WHERE tenant = NEW.tenant AND leaf_index = NEW.leaf_index) OR EXISTS (SELECT 1 FROM audit_retired WHERE tenant = NEW.tenant AND event = NEW.event) OR EXISTS (SELECT 1 FROM audit_retired WHERE rowid = NEW.rowid) BEGIN SELECT RAISE(ABORT, 'audit_retired is append-only'); END;
CREATE TRIGGER audit_retirement_no_update BEFORE UPDATE ON audit_retirement BEGIN SELECT RAISE(ABORT, 'audit_retirement is append-only'); END;
CREATE TRIGGER audit_retirement_no_delete BEFORE DELETE ON audit_retirement BEGIN SELECT RAISE(ABORT, 'audit_retirement is append-only'); END;
CREATE TRIGGER audit_retirement_no_replace BEFORE INSERT ON audit_retirement WHEN EXISTS (SELECT 1 FROM audit_retirement WHERE tenant = NEW.tenant AND id = NEW.id) OR EXISTS (SELECT 1 FROM audit_retirement WHERE rowid = NEW.rowid) BEGIN SELECT RAISE(ABORT, 'audit_retirement is append-only'); END;
CREATE TRIGGER audit_retired_only_archived BEFORE INSERT ON audit_retired WHEN NOT EXISTS (SELECT 1 FROM audit_segment s WHERE s.tenant = NEW.tenant AND s.size = NEW.segment AND s.first_leaf <= NEW.leaf_index AND s.size > NEW.leaf_index) OR NOT EXISTS (SELECT 1 FROM audit_tile t WHERE t.tenant = NEW.tenant AND t.level = 0 AND t.idx = NEW.leaf_index / 256) OR NOT EXISTS (SELECT 1 FROM audit_leaf l WHERE l.tenant = NEW.tenant AND l.leaf_index = NEW.leaf_index AND l.event = NEW.event AND l.hash = NEW.hash AND l.recorded_at <= (unixepoch() - 7776000) * 1000000) OR EXISTS (SELECT 1 FROM audit_held h WHERE h.tenant = NEW.tenant AND h.leaf_index = NEW.leaf_index) BEGIN SELECT RAISE(ABORT, 'only what is archived, ninety days old and kept by no hold is retired'); END;
