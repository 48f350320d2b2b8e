-- The whole schema on PostgreSQL. Times are microseconds since 1970, ids are UUIDv7.

-- Tenants. No personal data: readable in every tenant's scope, written only in its own.
CREATE TABLE tenant (
    id          uuid NOT NULL PRIMARY KEY,
    slug        text NOT NULL UNIQUE,
    name        text NOT NULL,
    kind        text NOT NULL CHECK (kind IN ('customer', 'platform')),
    region      text NOT NULL,
    status      text NOT NULL CHECK (status IN ('active', 'suspended')),
    key_brand   text NOT NULL,
    created_at  bigint NOT NULL
);

-- The way from a sign-in address or an API key to its tenants. Keyed hashes only.
CREATE TABLE directory_address (
    tag     bytea NOT NULL,
    tenant  uuid NOT NULL REFERENCES tenant (id),
    PRIMARY KEY (tag, tenant)
);

CREATE TABLE directory_key (
    hash    bytea NOT NULL PRIMARY KEY,
    tenant  uuid NOT NULL REFERENCES tenant (id)
);

-- Tenant keys, wrapped by the root key; a subject's key, wrapped by the tenant key. Emptying `wrapped` is erasure; the row stays, so
-- that no key is ever made for the subject again.
CREATE TABLE tenant_key (
    tenant       uuid NOT NULL REFERENCES tenant (id),
    version      bigint NOT NULL,
    provider_key text NOT NULL,
    wrapped      bytea NOT NULL,
    created_at   bigint NOT NULL,
    PRIMARY KEY (tenant, version)
);

CREATE TABLE subject_key (
    tenant       uuid NOT NULL REFERENCES tenant (id),
    subject      uuid NOT NULL,
    key_version  bigint NOT NULL,
    wrapped      bytea,
    erased_at    bigint,
    PRIMARY KEY (tenant, subject),
    CHECK ((wrapped IS NULL) = (erased_at IS NOT NULL))
);

CREATE TABLE policy (
    tenant                  uuid NOT NULL REFERENCES tenant (id),
    mfa_floor               text NOT NULL CHECK (mfa_floor IN ('any', 'mfa', 'passkey')),
    mfa_since               bigint,
    passkey_since           bigint,
    mfa_grace_days          bigint NOT NULL CHECK (mfa_grace_days BETWEEN 0 AND 90),
    session_idle_minutes    bigint NOT NULL CHECK (session_idle_minutes BETWEEN 1 AND 1440),
    session_absolute_hours  bigint NOT NULL CHECK (session_absolute_hours BETWEEN 1 AND 720),
    reauth_minutes          bigint NOT NULL CHECK (reauth_minutes BETWEEN 1 AND 60),
    invitation_days         bigint NOT NULL CHECK (invitation_days BETWEEN 1 AND 90),
    PRIMARY KEY (tenant),
    CHECK ((mfa_floor <> 'any') = (mfa_since IS NOT NULL)),
    CHECK ((mfa_floor = 'passkey') = (passkey_since IS NOT NULL))
);

-- What is asked of the holders of a role beyond the policy.
CREATE TABLE role_floor (
    tenant         uuid NOT NULL REFERENCES tenant (id),
    role           text NOT NULL,
    floor          text NOT NULL CHECK (floor IN ('mfa', 'passkey')),
    mfa_since      bigint NOT NULL,
    passkey_since  bigint,
    PRIMARY KEY (tenant, role),
    CHECK ((floor = 'passkey') = (passkey_since IS NOT NULL))
);

-- `factor` is the strongest verified one in the table below, written by whatever writes that: pages count by it.
-- `privileges` counts the changes of what the user may do or has proved; a session that has seen fewer gets a new token.
CREATE TABLE users (
    tenant      uuid NOT NULL REFERENCES tenant (id),
    id          uuid NOT NULL,
    email       text NOT NULL,
    name        text NOT NULL,
    role        text NOT NULL,
    status      text NOT NULL CHECK (status IN ('active', 'disabled')),
    created_at  bigint NOT NULL,
    factor      text CHECK (factor IN ('totp', 'sso', 'passkey')),
    privileges  bigint NOT NULL DEFAULT 0,
    time_zone   text,
    PRIMARY KEY (tenant, id),
    UNIQUE (tenant, email)
);
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
    tenant   uuid NOT NULL,
    word     text COLLATE "C" NOT NULL,
    user_id  uuid NOT NULL,
    PRIMARY KEY (tenant, word, user_id),
    FOREIGN KEY (tenant, user_id) REFERENCES users (tenant, id)
);
CREATE INDEX user_word_by_user ON user_word (tenant, user_id, word);

CREATE TABLE password (
    tenant      uuid NOT NULL,
    user_id     uuid NOT NULL,
    hash        text NOT NULL,
    changed_at  bigint NOT NULL,
    PRIMARY KEY (tenant, user_id),
    FOREIGN KEY (tenant, user_id) REFERENCES users (tenant, id)
);

CREATE TABLE factor (
    tenant       uuid NOT NULL,
    id           uuid NOT NULL,
    user_id      uuid NOT NULL,
    kind         text NOT NULL CHECK (kind IN ('totp', 'sso', 'passkey')),
    name         text NOT NULL,
    state        text NOT NULL CHECK (state IN ('pending', 'verified', 'removed')),
    last_step    bigint NOT NULL,
    created_at   bigint NOT NULL,
    verified_at  bigint,
    sealed       bytea,
    PRIMARY KEY (tenant, id),
    FOREIGN KEY (tenant, user_id) REFERENCES users (tenant, id)
);
CREATE INDEX factor_by_user ON factor (tenant, user_id, state);
CREATE INDEX factor_by_state ON factor (tenant, state, kind, user_id);
CREATE INDEX factor_sealed ON factor (tenant) WHERE sealed IS NOT NULL;

-- What a passkey is beside its factor, whose id it has. The credential is sealed; removing the row is erasure.
CREATE TABLE passkey (
    tenant           uuid NOT NULL,
    id               uuid NOT NULL,
    user_id          uuid NOT NULL,
    credential_id    bytea NOT NULL,
    name             text NOT NULL,
    sign_count       bigint NOT NULL,
    backup_eligible  bigint NOT NULL CHECK (backup_eligible IN (0, 1)),
    backed_up        bigint NOT NULL CHECK (backed_up IN (0, 1)),
    transports       text NOT NULL,
    created_at       bigint NOT NULL,
    last_used_at     bigint,
    suspected_at     bigint,
    sealed           bytea NOT NULL,
    PRIMARY KEY (tenant, id),
    UNIQUE (tenant, credential_id),
    FOREIGN KEY (tenant, id) REFERENCES factor (tenant, id),
    FOREIGN KEY (tenant, user_id) REFERENCES users (tenant, id)
);
CREATE INDEX passkey_by_user ON passkey (tenant, user_id, created_at);

-- Registrations of passkeys that wait for their authenticator, and the challenges of sign-ins that were answered.
CREATE TABLE webauthn_ceremony (
    tenant      uuid NOT NULL,
    id          uuid NOT NULL,
    user_id     uuid NOT NULL,
    session     uuid NOT NULL,
    created_at  bigint NOT NULL,
    expires_at  bigint NOT NULL,
    sealed      bytea NOT NULL,
    PRIMARY KEY (tenant, id),
    FOREIGN KEY (tenant, user_id) REFERENCES users (tenant, id)
);
CREATE INDEX webauthn_ceremony_by_end ON webauthn_ceremony (tenant, expires_at);

CREATE TABLE webauthn_spent (
    tenant      uuid NOT NULL REFERENCES tenant (id),
    challenge   bytea NOT NULL,
    expires_at  bigint NOT NULL,
    PRIMARY KEY (tenant, challenge)
);
CREATE INDEX webauthn_spent_by_end ON webauthn_spent (tenant, expires_at);

-- The recovery codes of a person, all of one making; a new set replaces the old one.
CREATE TABLE recovery_code (
    tenant     uuid NOT NULL,
    user_id    uuid NOT NULL,
    code_hash  bytea NOT NULL,
    made_at    bigint NOT NULL,
    used_at    bigint,
    PRIMARY KEY (tenant, user_id, code_hash),
    FOREIGN KEY (tenant, user_id) REFERENCES users (tenant, id)
);

-- `source` is the keyed tag of the address; `old_hash` a token that was just replaced and is still taken until `old_until`.
CREATE TABLE session (
    tenant          uuid NOT NULL,
    id              uuid NOT NULL,
    user_id         uuid NOT NULL,
    token_hash      bytea NOT NULL,
    method          text NOT NULL,
    created_at      bigint NOT NULL,
    last_seen_at    bigint NOT NULL,
    idle_until      bigint NOT NULL,
    absolute_until  bigint NOT NULL,
    ended_at        bigint,
    browser         text NOT NULL,
    system          text NOT NULL,
    place           text NOT NULL,
    network         text NOT NULL CHECK (network IN ('known', 'new')),
    source          bytea,
    device          bytea,
    privileges      bigint NOT NULL,
    renewed_at      bigint,
    old_hash        bytea,
    old_until       bigint,
    PRIMARY KEY (tenant, id),
    UNIQUE (tenant, token_hash),
    UNIQUE (tenant, old_hash),
    FOREIGN KEY (tenant, user_id) REFERENCES users (tenant, id)
);
CREATE INDEX session_by_user ON session (tenant, user_id, created_at);
CREATE INDEX session_by_source ON session (tenant, user_id, source);
CREATE INDEX session_live ON session (tenant, created_at, id) WHERE ended_at IS NULL;

CREATE TABLE enrolment (
    tenant      uuid NOT NULL,
    id          uuid NOT NULL,
    user_id     uuid NOT NULL,
    token_hash  bytea NOT NULL,
    created_at  bigint NOT NULL,
    expires_at  bigint NOT NULL,
    used_at     bigint,
    PRIMARY KEY (tenant, id),
    UNIQUE (tenant, token_hash),
    FOREIGN KEY (tenant, user_id) REFERENCES users (tenant, id)
);
CREATE INDEX enrolment_by_user ON enrolment (tenant, user_id);

-- Links that replace a forgotten password. The source is the keyed tag of the address that asked, or empty.
CREATE TABLE password_reset (
    tenant      uuid NOT NULL,
    id          uuid NOT NULL,
    user_id     uuid NOT NULL,
    token_hash  bytea NOT NULL,
    source      bytea NOT NULL,
    created_at  bigint NOT NULL,
    expires_at  bigint NOT NULL,
    used_at     bigint,
    PRIMARY KEY (tenant, id),
    UNIQUE (tenant, token_hash),
    FOREIGN KEY (tenant, user_id) REFERENCES users (tenant, id)
);
CREATE INDEX password_reset_by_account ON password_reset (tenant, user_id, created_at);
CREATE INDEX password_reset_by_source ON password_reset (tenant, source, created_at);

-- An attempt with a one-time code names the session that waits for it.
CREATE TABLE sign_in_attempt (
    tenant   uuid NOT NULL,
    id       uuid NOT NULL,
    user_id  uuid NOT NULL,
    factor   text NOT NULL,
    source   bytea NOT NULL,
    outcome  text NOT NULL CHECK (outcome IN ('accepted', 'refused', 'limited', 'lifted', 'unlocked', 'closed', 'reopened', 'unanswered')),
    at       bigint NOT NULL,
    session  uuid,
    device   bytea,
    PRIMARY KEY (tenant, id),
    FOREIGN KEY (tenant, user_id) REFERENCES users (tenant, id)
);
CREATE INDEX sign_in_attempt_by_source ON sign_in_attempt (tenant, user_id, factor, source, at);
CREATE INDEX sign_in_attempt_by_account ON sign_in_attempt (tenant, user_id, factor, at);

-- Attempts that were turned away unseen, counted by the hour and source, and gone after a while: a guesser decides how many there
-- are. A few sources of an account are told apart in an hour, all others together.
CREATE TABLE sign_in_tally (
    tenant       uuid NOT NULL,
    user_id      uuid NOT NULL,
    hour         bigint NOT NULL,
    factor       text NOT NULL,
    source       bytea NOT NULL,
    turned_away  bigint NOT NULL CHECK (turned_away > 0),
    PRIMARY KEY (tenant, user_id, hour, factor, source),
    FOREIGN KEY (tenant, user_id) REFERENCES users (tenant, id)
);

-- Accounts that take nothing from unknown devices for now, until the end of that is recorded. The rows decide nothing.
CREATE TABLE account_lock (
    tenant   uuid NOT NULL,
    user_id  uuid NOT NULL,
    factor   text NOT NULL,
    ends_at  bigint NOT NULL,
    PRIMARY KEY (tenant, user_id, factor),
    FOREIGN KEY (tenant, user_id) REFERENCES users (tenant, id)
);
CREATE INDEX account_lock_to_end ON account_lock (tenant, ends_at);

-- Browsers that a person signed in from, by a keyed hash of what they carry. Removing the row is forgetting.
CREATE TABLE known_device (
    tenant        uuid NOT NULL,
    user_id       uuid NOT NULL,
    tag           bytea NOT NULL,
    session       uuid NOT NULL,
    browser       text NOT NULL,
    system        text NOT NULL,
    created_at    bigint NOT NULL,
    last_used_at  bigint NOT NULL,
    PRIMARY KEY (tenant, user_id, tag),
    FOREIGN KEY (tenant, user_id) REFERENCES users (tenant, id)
);

-- `role` and `team_role.role` name a built-in role, or one of `custom_role`. `permissions` are names with a space between them.
CREATE TABLE custom_role (
    tenant       uuid NOT NULL REFERENCES tenant (id),
    id           uuid NOT NULL,
    name         text NOT NULL,
    label        text NOT NULL,
    description  text NOT NULL,
    permissions  text NOT NULL,
    created_at   bigint NOT NULL,
    PRIMARY KEY (tenant, id),
    UNIQUE (tenant, name),
    UNIQUE (tenant, label)
);

CREATE TABLE team (
    tenant       uuid NOT NULL REFERENCES tenant (id),
    id           uuid NOT NULL,
    name         text NOT NULL,
    description  text NOT NULL,
    created_at   bigint NOT NULL,
    PRIMARY KEY (tenant, id),
    UNIQUE (tenant, name)
);

CREATE TABLE team_role (
    tenant  uuid NOT NULL,
    team    uuid NOT NULL,
    role    text NOT NULL,
    PRIMARY KEY (tenant, team, role),
    FOREIGN KEY (tenant, team) REFERENCES team (tenant, id)
);
CREATE INDEX team_role_by_role ON team_role (tenant, role, team);

CREATE TABLE team_member (
    tenant      uuid NOT NULL,
    id          uuid NOT NULL,
    team        uuid NOT NULL,
    user_id     uuid NOT NULL,
    created_at  bigint NOT NULL,
    PRIMARY KEY (tenant, id),
    UNIQUE (tenant, team, user_id),
    FOREIGN KEY (tenant, team) REFERENCES team (tenant, id),
    FOREIGN KEY (tenant, user_id) REFERENCES users (tenant, id)
);
CREATE INDEX team_member_by_user ON team_member (tenant, user_id, team);

-- A grant with `expires_at` ends by itself then, whatever else is written; `ended_at` is when that was recorded.
CREATE TABLE user_grant (
    tenant      uuid NOT NULL,
    id          uuid NOT NULL,
    user_id     uuid NOT NULL,
    permission  text NOT NULL,
    effect      text NOT NULL CHECK (effect IN ('grant', 'deny')),
    reason      text NOT NULL,
    created_at  bigint NOT NULL,
    expires_at  bigint,
    ended_at    bigint,
    PRIMARY KEY (tenant, id),
    UNIQUE (tenant, user_id, permission),
    FOREIGN KEY (tenant, user_id) REFERENCES users (tenant, id)
);
CREATE INDEX user_grant_by_permission ON user_grant (tenant, permission, user_id);
CREATE INDEX user_grant_to_end ON user_grant (tenant, expires_at) WHERE expires_at IS NOT NULL AND ended_at IS NULL;

CREATE TABLE invitation (
    tenant         uuid NOT NULL REFERENCES tenant (id),
    id             uuid NOT NULL,
    email          text NOT NULL,
    role           text NOT NULL,
    invited_by     uuid,
    state          text NOT NULL CHECK (state IN ('open', 'accepted', 'declined', 'revoked', 'expired')),
    token_hash     bytea NOT NULL,
    reminder_hash  bytea,
    sends          bigint NOT NULL,
    sent_at        bigint NOT NULL,
    reminded_at    bigint,
    created_at     bigint NOT NULL,
    expires_at     bigint NOT NULL,
    PRIMARY KEY (tenant, id),
    UNIQUE (tenant, token_hash),
    UNIQUE (tenant, reminder_hash)
);
CREATE INDEX invitation_by_state ON invitation (tenant, state, expires_at);
CREATE INDEX invitation_by_address ON invitation (tenant, email, state);
CREATE INDEX invitation_by_role ON invitation (tenant, role, id) WHERE state = 'open';
CREATE INDEX invitation_by_inviter ON invitation (tenant, invited_by, role, expires_at) WHERE state = 'open';
CREATE INDEX invitation_to_remind ON invitation (tenant, expires_at) WHERE state = 'open' AND reminded_at IS NULL;
CREATE INDEX invitation_to_expire ON invitation (tenant, expires_at) WHERE state = 'open';

-- Links of an invitation that another one has replaced: enough of them to know that they were real.
CREATE TABLE invitation_link (
    tenant       uuid NOT NULL,
    token_hash   bytea NOT NULL,
    invitation   uuid NOT NULL,
    replaced_at  bigint NOT NULL,
    PRIMARY KEY (tenant, token_hash),
    FOREIGN KEY (tenant, invitation) REFERENCES invitation (tenant, id)
);
CREATE INDEX invitation_link_by_invitation ON invitation_link (tenant, invitation, replaced_at);

-- Letters to people. Recipient and content are sealed; the content goes once the letter is settled, the recipient once the person
-- is deleted. `recipient_tag` is of the address as it is, `mailbox_tag` of the address without what follows a `+`.
CREATE TABLE mail (
    tenant           uuid NOT NULL REFERENCES tenant (id),
    id               uuid NOT NULL,
    kind             text NOT NULL,
    about            uuid NOT NULL,
    recipient        bytea,
    recipient_tag    bytea,
    content          bytea,
    state            text NOT NULL CHECK (state IN ('waiting', 'sent', 'given_up')),
    attempts         bigint NOT NULL,
    fault            text,
    created_at       bigint NOT NULL,
    next_attempt_at  bigint NOT NULL,
    last_day         bigint NOT NULL,
    settled_at       bigint,
    channel          text NOT NULL CHECK (channel IN ('mail', 'webhook')),
    mailbox_tag      bytea,
    PRIMARY KEY (tenant, id),
    CHECK ((state = 'waiting') = (content IS NOT NULL)),
    CHECK ((state = 'waiting') = (settled_at IS NULL)),
    CHECK ((recipient IS NULL) = (recipient_tag IS NULL)),
    CHECK (recipient IS NOT NULL OR state <> 'waiting'),
    CHECK ((recipient_tag IS NULL) = (mailbox_tag IS NULL))
);
CREATE INDEX mail_by_time ON mail (tenant, created_at, id);
CREATE INDEX mail_by_state ON mail (tenant, state, created_at, id);
CREATE INDEX mail_by_recipient ON mail (tenant, recipient_tag, created_at);
CREATE INDEX mail_by_subject ON mail (tenant, about, created_at);
CREATE INDEX mail_due ON mail (tenant, next_attempt_at) WHERE state = 'waiting';

-- One-time codes for sensitive changes, where whoever asked is at home. `target` is the tenant of the change.
CREATE TABLE step_up (
    tenant       uuid NOT NULL,
    id           uuid NOT NULL,
    user_id      uuid NOT NULL,
    session      uuid NOT NULL,
    action       text NOT NULL,
    target       uuid NOT NULL,
    entity_type  text NOT NULL,
    entity_id    uuid NOT NULL,
    digest       bytea NOT NULL,
    code_hash    bytea NOT NULL,
    tries_left   bigint NOT NULL CHECK (tries_left BETWEEN 0 AND 5),
    created_at   bigint NOT NULL,
    expires_at   bigint NOT NULL,
    used_at      bigint,
    PRIMARY KEY (tenant, id),
    FOREIGN KEY (tenant, user_id) REFERENCES users (tenant, id),
    FOREIGN KEY (tenant, session) REFERENCES session (tenant, id)
);
CREATE INDEX step_up_by_user ON step_up (tenant, user_id, created_at);
CREATE INDEX step_up_by_session ON step_up (tenant, session);

-- The phone numbers to which people have one-time codes sent, sealed. Removing the row is erasure.
CREATE TABLE phone (
    tenant       uuid NOT NULL,
    user_id      uuid NOT NULL,
    number       bytea NOT NULL,
    verified_at  bigint NOT NULL,
    PRIMARY KEY (tenant, user_id),
    FOREIGN KEY (tenant, user_id) REFERENCES users (tenant, id)
);

-- A number that waits for its two codes: one of each person at most, gone once it is over.
CREATE TABLE phone_check (
    tenant        uuid NOT NULL,
    user_id       uuid NOT NULL,
    id            uuid NOT NULL,
    number        bytea NOT NULL,
    message_hash  bytea NOT NULL,
    letter_hash   bytea NOT NULL,
    tries_left    bigint NOT NULL CHECK (tries_left BETWEEN 0 AND 5),
    created_at    bigint NOT NULL,
    expires_at    bigint NOT NULL,
    PRIMARY KEY (tenant, user_id),
    FOREIGN KEY (tenant, user_id) REFERENCES users (tenant, id)
);

CREATE TABLE api_key (
    tenant      uuid NOT NULL REFERENCES tenant (id),
    id          uuid NOT NULL,
    name        text NOT NULL,
    prefix      text NOT NULL,
    hash        bytea NOT NULL,
    scopes      text NOT NULL,
    created_by  uuid,
    created_at  bigint NOT NULL,
    expires_at  bigint,
    revoked_at  bigint,
    PRIMARY KEY (tenant, id),
    UNIQUE (tenant, hash)
);
CREATE INDEX api_key_by_end ON api_key (tenant, revoked_at, expires_at);

CREATE TABLE security_event (
    tenant       uuid NOT NULL REFERENCES tenant (id),
    id           uuid NOT NULL,
    kind         text NOT NULL,
    severity     text NOT NULL CHECK (severity IN ('info', 'warning', 'high')),
    detail       text NOT NULL,
    audit_event  uuid NOT NULL,
    triage       text NOT NULL CHECK (triage IN ('open', 'acknowledged', 'resolved')),
    at           bigint NOT NULL,
    PRIMARY KEY (tenant, id)
);
CREATE INDEX security_event_by_time ON security_event (tenant, at, id);
CREATE INDEX security_event_by_severity ON security_event (tenant, severity, triage);

-- The audit log. `bytes` are the exact octets whose hash is the leaf of the tenant's Merkle tree.
CREATE TABLE audit_event (
    tenant  uuid NOT NULL REFERENCES tenant (id),
    id      uuid NOT NULL,
    hash    bytea NOT NULL,
    bytes   bytea NOT NULL,
    PRIMARY KEY (tenant, id)
);

-- Events not yet in the tree: a set, not a cursor, so that a late commit is never skipped. The source is the tag by which search knows
-- the address, which the event itself only commits to; the owner is whose the thing is, which only its first event says.
CREATE TABLE audit_pending (
    tenant       uuid NOT NULL,
    event        uuid NOT NULL,
    recorded_at  bigint NOT NULL,
    source       bytea,
    owner        uuid,
    PRIMARY KEY (tenant, recorded_at, event)
);

-- The newest revision of every entity and the hash of the event that wrote it.
CREATE TABLE audit_head (
    tenant       uuid NOT NULL,
    entity_type  text COLLATE "C" NOT NULL,
    entity_id    uuid NOT NULL,
    revision     bigint NOT NULL,
    hash         bytea NOT NULL,
    PRIMARY KEY (tenant, entity_type, entity_id)
);

-- Events in tree order, with what search filters by.
CREATE TABLE audit_leaf (
    tenant       uuid NOT NULL,
    leaf_index   bigint NOT NULL,
    event        uuid NOT NULL,
    hash         bytea NOT NULL,
    recorded_at  bigint NOT NULL,
    actor_kind   text NOT NULL,
    actor_id     uuid,
    action       text NOT NULL,
    outcome      text NOT NULL,
    entity_type  text COLLATE "C" NOT NULL,
    entity_id    uuid NOT NULL,
    revision     bigint NOT NULL,
    PRIMARY KEY (tenant, leaf_index)
);
CREATE UNIQUE INDEX audit_leaf_by_event ON audit_leaf (tenant, event);
CREATE INDEX audit_leaf_by_entity ON audit_leaf (tenant, entity_type, entity_id, leaf_index);

-- What search goes along: for each term (an actor, an action, a word, …) and each full block of 512 leaves, which of them have it.
-- Written once, when the block is full.
CREATE TABLE audit_posting (
    tenant  uuid NOT NULL,
    term    bytea NOT NULL,
    block   bigint NOT NULL,
    hits    bytea NOT NULL,
    PRIMARY KEY (tenant, term, block)
);

-- The terms of the leaves behind the last full block.
CREATE TABLE audit_tail (
    tenant      uuid NOT NULL,
    leaf_index  bigint NOT NULL,
    terms       bytea NOT NULL,
    PRIMARY KEY (tenant, leaf_index)
);

-- How many events there were in each hour (a span of 1) and each day in UTC (a span of 24), counted in hours since 1970.
CREATE TABLE audit_rollup (
    tenant       uuid NOT NULL,
    span         bigint NOT NULL CHECK (span IN (1, 24)),
    start        bigint NOT NULL,
    entity_type  text COLLATE "C" NOT NULL,
    action       text COLLATE "C" NOT NULL,
    outcome      text COLLATE "C" NOT NULL,
    events       bigint NOT NULL,
    PRIMARY KEY (tenant, span, start, entity_type, action, outcome)
);

-- Searches of the log that people keep, some of them for everybody in the tenant who may read it.
CREATE TABLE saved_search (
    tenant      uuid NOT NULL REFERENCES tenant (id),
    id          uuid NOT NULL,
    user_id     uuid NOT NULL,
    name        text COLLATE "C" NOT NULL,
    query       text NOT NULL,
    shared      bigint NOT NULL CHECK (shared IN (0, 1)),
    created_at  bigint NOT NULL,
    PRIMARY KEY (tenant, id),
    UNIQUE (tenant, user_id, name),
    FOREIGN KEY (tenant, user_id) REFERENCES users (tenant, id)
);
CREATE INDEX saved_search_shared ON saved_search (tenant, name, id) WHERE shared = 1;

-- Full tiles of 256 hashes; the right edge of the tree comes from the leaves.
CREATE TABLE audit_tile (
    tenant  uuid NOT NULL,
    level   bigint NOT NULL,
    idx     bigint NOT NULL,
    hashes  bytea NOT NULL,
    PRIMARY KEY (tenant, level, idx)
);

CREATE TABLE audit_tree (
    tenant    uuid NOT NULL REFERENCES tenant (id),
    size      bigint NOT NULL,
    frontier  bytea NOT NULL,
    signed    bigint NOT NULL,
    PRIMARY KEY (tenant)
);
CREATE INDEX audit_tree_unsigned ON audit_tree (tenant) WHERE size > signed;

-- Published checkpoints, after they were stored outside the database.
CREATE TABLE audit_checkpoint (
    tenant     uuid NOT NULL REFERENCES tenant (id),
    size       bigint NOT NULL,
    note       text NOT NULL,
    signed_at  bigint NOT NULL,
    PRIMARY KEY (tenant, size)
);

-- What witnesses cosigned: signature lines (C2SP tlog-cosignature) that belong under a published checkpoint.
CREATE TABLE audit_cosignature (
    tenant       uuid NOT NULL REFERENCES tenant (id),
    size         bigint NOT NULL,
    witness      text NOT NULL,
    line         text NOT NULL,
    cosigned_at  bigint NOT NULL,
    PRIMARY KEY (tenant, size, witness)
);

-- How far each witness has come, and how it stands: what is asked of it next.
CREATE TABLE audit_witness (
    tenant    uuid NOT NULL REFERENCES tenant (id),
    witness   text NOT NULL,
    size      bigint NOT NULL,
    standing  text NOT NULL CHECK (standing IN ('ok', 'unreachable', 'unknown', 'refused')),
    at        bigint NOT NULL,
    PRIMARY KEY (tenant, witness)
);

-- Signing and cosigning that was refused: alarms.
CREATE TABLE audit_refusal (
    tenant   uuid NOT NULL REFERENCES tenant (id),
    id       uuid NOT NULL,
    refuser  text NOT NULL,
    why      text NOT NULL CHECK (why IN ('rollback', 'fork', 'ahead')),
    size     bigint NOT NULL,
    seen     bigint,
    at       bigint NOT NULL,
    PRIMARY KEY (tenant, id)
);
CREATE INDEX audit_refusal_by_time ON audit_refusal (tenant, at, id);

-- Logs that went on under another name after signed events were lost.
CREATE TABLE audit_epoch (
    tenant     uuid NOT NULL REFERENCES tenant (id),
    epoch      bigint NOT NULL,
    id         uuid NOT NULL,
    kept       bigint NOT NULL,
    kept_at    bigint,
    signed     bigint NOT NULL,
    signed_at  bigint,
    begun_at   bigint NOT NULL,
    PRIMARY KEY (tenant, epoch)
);

-- That a head of the tenant's log lies in the tree of heads, which is kept outside the database.
CREATE TABLE audit_region_head (
    tenant       uuid NOT NULL REFERENCES tenant (id),
    heads_index  bigint NOT NULL,
    receipt      text NOT NULL,
    noted_at     bigint NOT NULL,
    PRIMARY KEY (tenant, heads_index)
);

-- Personal values of an event, sealed under their subject's key, apart from the hashed bytes.
CREATE TABLE audit_personal (
    tenant   uuid NOT NULL,
    event    uuid NOT NULL,
    subject  uuid NOT NULL,
    sealed   bytea NOT NULL,
    PRIMARY KEY (tenant, event, subject)
);
CREATE INDEX audit_personal_by_subject ON audit_personal (tenant, subject, event);

-- Where the records are that decide what people may do, by the person, role or team they are about. What they say stands in the
-- record alone. Of those that say nothing of rights only
-- the last is read.
CREATE TABLE audit_access (
    tenant       uuid NOT NULL REFERENCES tenant (id),
    subject      uuid NOT NULL,
    recorded_at  bigint NOT NULL,
    event        uuid NOT NULL,
    kind         text NOT NULL,
    action       text NOT NULL,
    says         text NOT NULL CHECK (says IN ('rights', 'name', 'nothing')),
    PRIMARY KEY (tenant, subject, recorded_at, event)
);
CREATE INDEX audit_access_by_kind ON audit_access (tenant, kind, recorded_at, event);
CREATE INDEX audit_access_by_action ON audit_access (tenant, action, subject, recorded_at);

-- Legal holds. A lifted one stays, as evidence.
CREATE TABLE audit_hold (
    tenant       uuid NOT NULL REFERENCES tenant (id),
    id           uuid NOT NULL,
    scope        text NOT NULL CHECK (scope IN ('tenant', 'person', 'entity', 'range')),
    person       uuid,
    entity_type  text,
    entity_id    uuid,
    from_at      bigint,
    until_at     bigint,
    action       text,
    reason       text NOT NULL,
    placed_by    uuid,
    placed_at    bigint NOT NULL,
    lifted_by    uuid,
    lifted_at    bigint,
    PRIMARY KEY (tenant, id),
    CHECK ((scope = 'person') = (person IS NOT NULL)),
    CHECK ((scope = 'entity') = (entity_type IS NOT NULL AND entity_id IS NOT NULL))
);
CREATE INDEX audit_hold_by_time ON audit_hold (tenant, placed_at, id);
CREATE INDEX audit_hold_standing ON audit_hold (tenant, placed_at, id) WHERE lifted_at IS NULL;

-- Requests about what is kept of a person, who is named by an opaque id. The address is there while the request is open and the person
-- has no account; `address_tag`, which no other tag can be compared with, stays, so that a repeated question gets the same answer.
CREATE TABLE subject_request (
    tenant       uuid NOT NULL REFERENCES tenant (id),
    id           uuid NOT NULL,
    person       uuid NOT NULL,
    address      text,
    address_tag  bytea,
    state        text NOT NULL CHECK (state IN ('open', 'done')),
    erased       text NOT NULL,
    disclosures  bigint NOT NULL,
    created_at   bigint NOT NULL,
    PRIMARY KEY (tenant, id),
    CHECK (address IS NULL OR state = 'open')
);
CREATE INDEX subject_request_by_time ON subject_request (tenant, created_at, id);
CREATE INDEX subject_request_by_person ON subject_request (tenant, person, created_at);
CREATE INDEX subject_request_by_address ON subject_request (tenant, address_tag, created_at);

-- Exports of the log: what was asked for, how far the writing has come, and what became of the file, which lies outside.
CREATE TABLE audit_export (
    tenant           uuid NOT NULL REFERENCES tenant (id),
    id               uuid NOT NULL,
    format           text NOT NULL CHECK (format IN ('csv', 'jsonl', 'ocsf', 'parquet')),
    selection        text NOT NULL,
    asked_by         uuid,
    state            text NOT NULL CHECK (state IN ('waiting', 'done', 'failed', 'removed')),
    downloads        bigint NOT NULL,
    records          bigint,
    octets           bigint,
    digest           text,
    failure          text,
    created_at       bigint NOT NULL,
    finished_at      bigint,
    expires_at       bigint NOT NULL,
    tree_size        bigint,
    checkpoint       text,
    before_leaf      bigint,
    written_records  bigint NOT NULL,
    written_octets   bigint NOT NULL,
    taken_at         bigint,
    PRIMARY KEY (tenant, id)
);
CREATE INDEX audit_export_by_time ON audit_export (tenant, created_at, id);
CREATE INDEX audit_export_at_work ON audit_export (state, expires_at, tenant, id) WHERE state IN ('waiting', 'done');

-- Segments of the log that lie in the archive, and were read back from there: up to which leaf, the digest of the signed manifest,
-- and the right edge of the tree at that point.
CREATE TABLE audit_segment (
    tenant      uuid NOT NULL REFERENCES tenant (id),
    size        bigint NOT NULL,
    first_leaf  bigint NOT NULL,
    octets      bigint NOT NULL,
    digest      bytea NOT NULL,
    frontier    bytea NOT NULL,
    written_at  bigint NOT NULL,
    PRIMARY KEY (tenant, size),
    UNIQUE (tenant, first_leaf),
    CHECK (first_leaf >= 0 AND size > first_leaf)
);

-- The day (its midnight) on which somebody, and holders of a role, last used a permission; and since when that is noted.
CREATE TABLE permission_use (
    tenant        uuid NOT NULL,
    user_id       uuid NOT NULL,
    permission    text NOT NULL,
    last_used_on  bigint NOT NULL,
    PRIMARY KEY (tenant, user_id, permission),
    FOREIGN KEY (tenant, user_id) REFERENCES users (tenant, id)
);

CREATE TABLE role_use (
    tenant        uuid NOT NULL REFERENCES tenant (id),
    role          text NOT NULL,
    permission    text NOT NULL,
    last_used_on  bigint NOT NULL,
    PRIMARY KEY (tenant, role, permission)
);

CREATE TABLE permission_recording (
    tenant  uuid NOT NULL REFERENCES tenant (id),
    since   bigint NOT NULL,
    PRIMARY KEY (tenant)
);

-- Events of the guarded product: what of them is never stored, how they have to look, and the keys by which one is known again.
-- `revision` grows with every change of the first two. Keys and payloads are keyed hashes: nothing of an event is kept here.
CREATE TABLE event_intake (
    tenant     uuid NOT NULL REFERENCES tenant (id),
    revision   bigint NOT NULL,
    rules      text NOT NULL,
    detectors  text NOT NULL,
    PRIMARY KEY (tenant)
);

CREATE TABLE event_schema (
    tenant      uuid NOT NULL REFERENCES tenant (id),
    id          uuid NOT NULL,
    action      text NOT NULL,
    schema      text NOT NULL,
    created_at  bigint NOT NULL,
    PRIMARY KEY (tenant, id),
    UNIQUE (tenant, action)
);

CREATE TABLE audit_intake (
    tenant   uuid NOT NULL,
    key      bytea NOT NULL,
    event    uuid NOT NULL,
    payload  bytea NOT NULL,
    PRIMARY KEY (tenant, key)
);

-- What a thing was at every 128th revision, so that no long history is read from its beginning. The row comes with the record;
-- the image is made from the records afterwards and sealed, and counts only together with the record that it names. Never evidence.
CREATE TABLE audit_image (
    tenant       uuid NOT NULL,
    entity_type  text COLLATE "C" NOT NULL,
    entity_id    uuid NOT NULL,
    revision     bigint NOT NULL,
    leaf_index   bigint NOT NULL,
    recorded_at  bigint NOT NULL,
    hash         bytea NOT NULL,
    image        bytea,
    seal         bytea,
    PRIMARY KEY (tenant, entity_type, entity_id, revision)
);
CREATE INDEX audit_image_due ON audit_image (tenant) WHERE image IS NULL;

-- How many days records of a class of actions stay in the database; a class without a row stays for good.
CREATE TABLE audit_retention (
    tenant  uuid NOT NULL REFERENCES tenant (id),
    class   text COLLATE "C" NOT NULL,
    days    bigint NOT NULL CHECK (days >= 90),
    PRIMARY KEY (tenant, class)
);

-- What the retention took: how many records of a segment of the archive, and the digest of what is left of them.
CREATE TABLE audit_retirement (
    tenant      uuid NOT NULL REFERENCES tenant (id),
    id          uuid NOT NULL,
    segment     bigint NOT NULL,
    first_leaf  bigint NOT NULL,
    last_leaf   bigint NOT NULL,
    records     bigint NOT NULL,
    classes     text NOT NULL,
    digest      text NOT NULL,
    retired_at  bigint NOT NULL,
    PRIMARY KEY (tenant, id),
    FOREIGN KEY (tenant, segment) REFERENCES audit_segment (tenant, size)
);
CREATE INDEX audit_retirement_by_time ON audit_retirement (tenant, retired_at, id);

-- What is left of a record that the retention took: its hash for the tree, its link for the chain, and where the archive has it.
CREATE TABLE audit_retired (
    tenant       uuid NOT NULL,
    leaf_index   bigint NOT NULL,
    event        uuid NOT NULL,
    hash         bytea NOT NULL,
    entity_type  text COLLATE "C" NOT NULL,
    entity_id    uuid NOT NULL,
    revision     bigint NOT NULL,
    prev         bytea,
    segment      bigint NOT NULL,
    retirement   uuid NOT NULL,
    PRIMARY KEY (tenant, leaf_index),
    FOREIGN KEY (tenant, retirement) REFERENCES audit_retirement (tenant, id)
);
CREATE UNIQUE INDEX audit_retired_by_event ON audit_retired (tenant, event);
CREATE INDEX audit_retired_by_entity ON audit_retired (tenant, entity_type, entity_id, revision);

-- Segments of the archive that were asked back, so that their records can be searched for a time.
CREATE TABLE audit_restore (
    tenant       uuid NOT NULL REFERENCES tenant (id),
    id           uuid NOT NULL,
    segment      bigint NOT NULL,
    first_leaf   bigint NOT NULL,
    state        text NOT NULL CHECK (state IN ('waiting', 'done', 'failed', 'ended')),
    asked_by     uuid,
    reason       text NOT NULL,
    records      bigint NOT NULL,
    failure      text,
    created_at   bigint NOT NULL,
    finished_at  bigint,
    expires_at   bigint NOT NULL,
    PRIMARY KEY (tenant, id),
    FOREIGN KEY (tenant, segment) REFERENCES audit_segment (tenant, size)
);
CREATE INDEX audit_restore_by_time ON audit_restore (tenant, created_at, id);
CREATE INDEX audit_restore_at_work ON audit_restore (state, expires_at, tenant, id) WHERE state IN ('waiting', 'done');
CREATE UNIQUE INDEX audit_restore_open ON audit_restore (tenant, segment) WHERE state IN ('waiting', 'done');

-- Records that the retention had taken and that are back for a time.
CREATE TABLE audit_restored (
    tenant      uuid NOT NULL,
    leaf_index  bigint NOT NULL,
    restore     uuid NOT NULL,
    PRIMARY KEY (tenant, leaf_index),
    FOREIGN KEY (tenant, leaf_index) REFERENCES audit_retired (tenant, leaf_index),
    FOREIGN KEY (tenant, restore) REFERENCES audit_restore (tenant, id)
);
CREATE INDEX audit_restored_by_restore ON audit_restored (tenant, restore, leaf_index);

-- Alarms about the keeping of the logs; one of a kind at a time.
CREATE TABLE audit_alarm (
    tenant     uuid NOT NULL REFERENCES tenant (id),
    id         uuid NOT NULL,
    kind       text NOT NULL CHECK (kind IN ('unsequenced', 'archive_lag', 'gap')),
    detail     text NOT NULL,
    raised_at  bigint NOT NULL,
    ended_at   bigint,
    PRIMARY KEY (tenant, id)
);
CREATE INDEX audit_alarm_by_time ON audit_alarm (tenant, raised_at, id);
CREATE UNIQUE INDEX audit_alarm_open ON audit_alarm (tenant, kind) WHERE ended_at IS NULL;

-- Which records that are in the database a hold keeps: what the retention asks, and the triggers below ask once more.
CREATE VIEW audit_held WITH (security_invoker = true) AS
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
    tenant   uuid NOT NULL REFERENCES tenant (id),
    at       bigint NOT NULL,
    events   bigint,
    outcome  text NOT NULL CHECK (outcome IN ('held', 'failed')),
    PRIMARY KEY (tenant)
);

-- Tamper drills: what was done to a copy of the log, what verification said, and what the database refused. Evidence, so append-only.
CREATE TABLE audit_drill (
    tenant       uuid NOT NULL REFERENCES tenant (id),
    id           uuid NOT NULL,
    kind         text NOT NULL CHECK (kind IN ('record', 'tile', 'checkpoint', 'removed', 'inserted', 'reordered')),
    target       text NOT NULL,
    outcome      text NOT NULL CHECK (outcome IN ('named', 'noticed', 'missed', 'unsound')),
    found        text NOT NULL,
    records      bigint NOT NULL,
    took_micros  bigint NOT NULL,
    seed         bigint NOT NULL,
    probes       text NOT NULL,
    at           bigint NOT NULL,
    PRIMARY KEY (tenant, id)
);
CREATE INDEX audit_drill_by_time ON audit_drill (tenant, at, id);

-- How far the log was looked at for what is unusual, what each actor usually does, and the notes. All of it goes with the person.
CREATE TABLE audit_watch (
    tenant     uuid NOT NULL REFERENCES tenant (id),
    next_leaf  bigint NOT NULL,
    PRIMARY KEY (tenant)
);

CREATE TABLE audit_habit (
    tenant   uuid NOT NULL,
    actor    uuid NOT NULL,
    user_id  uuid NOT NULL,
    habit    text NOT NULL,
    PRIMARY KEY (tenant, actor),
    FOREIGN KEY (tenant, user_id) REFERENCES users (tenant, id)
);
CREATE INDEX audit_habit_by_user ON audit_habit (tenant, user_id);

CREATE TABLE audit_anomaly (
    tenant   uuid NOT NULL,
    id       uuid NOT NULL,
    kind     text NOT NULL CHECK (kind IN ('place', 'device', 'action', 'burst', 'hour')),
    actor    uuid NOT NULL,
    user_id  uuid NOT NULL,
    what     text NOT NULL,
    leaf     bigint NOT NULL,
    query    text NOT NULL,
    at       bigint NOT NULL,
    PRIMARY KEY (tenant, id),
    FOREIGN KEY (tenant, user_id) REFERENCES users (tenant, id)
);
CREATE INDEX audit_anomaly_by_time ON audit_anomaly (tenant, at, id);
CREATE INDEX audit_anomaly_by_user ON audit_anomaly (tenant, user_id);

-- Where the audit log is sent as it grows. `sealed` holds the address with its credentials, `place` a keyed tag of it. What comes after
-- `created_at` says how far the stream came: `next_leaf` moves once the other side has taken everything before it, `planned_upto` is
-- the end of the parcel that is on its way, which stays the same however often it is tried. `claims` counts who took the stream, so that
-- whoever was too slow settles nothing.
CREATE TABLE audit_stream (
    tenant           uuid NOT NULL REFERENCES tenant (id),
    id               uuid NOT NULL,
    name             text NOT NULL,
    kind             text NOT NULL CHECK (kind IN ('webhook', 'syslog', 's3')),
    origin           text NOT NULL,
    place            text NOT NULL,
    sealed           bytea NOT NULL,
    only_action      text,
    only_entity      text,
    only_outcome     text CHECK (only_outcome IN ('ok', 'denied', 'failed')),
    state            text NOT NULL CHECK (state IN ('proposed', 'active', 'paused', 'disabled')),
    secret           bigint NOT NULL,
    replayed_from    bigint,
    tests            bigint NOT NULL,
    failing          bigint NOT NULL CHECK (failing IN (0, 1)),
    created_at       bigint NOT NULL,
    next_leaf        bigint NOT NULL CHECK (next_leaf >= 0),
    planned_upto     bigint,
    planned_size     bigint,
    claims           bigint NOT NULL,
    leased_until     bigint NOT NULL,
    attempts         bigint NOT NULL,
    fault            text,
    failing_since    bigint,
    next_attempt_at  bigint NOT NULL,
    delivered        bigint NOT NULL,
    delivered_at     bigint,
    dead_in_a_row    bigint NOT NULL,
    test_asked_at    bigint,
    tested_at        bigint,
    test_fault       text,
    PRIMARY KEY (tenant, id),
    UNIQUE (tenant, name),
    CHECK ((planned_upto IS NULL) = (planned_size IS NULL))
);
CREATE INDEX audit_stream_due ON audit_stream (tenant, next_attempt_at);

-- What a stream signs with, sealed. The newest has no end; the one before it has, and signs beside it until then.
CREATE TABLE audit_stream_secret (
    tenant     uuid NOT NULL,
    stream     uuid NOT NULL,
    number     bigint NOT NULL,
    sealed     bytea NOT NULL,
    ends_at    bigint,
    PRIMARY KEY (tenant, stream, number),
    FOREIGN KEY (tenant, stream) REFERENCES audit_stream (tenant, id)
);

-- Records that the other side of a stream does not take, until they arrive after all.
CREATE TABLE audit_stream_dead (
    tenant      uuid NOT NULL,
    stream      uuid NOT NULL,
    leaf_index  bigint NOT NULL,
    event       uuid NOT NULL,
    attempts    bigint NOT NULL,
    fault       text NOT NULL,
    at          bigint NOT NULL,
    PRIMARY KEY (tenant, stream, leaf_index),
    FOREIGN KEY (tenant, stream) REFERENCES audit_stream (tenant, id)
);

-- Append-only: refused to everybody, including the owner, whatever their grants.
CREATE FUNCTION bailiwick_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$;
-- But for records that the retention takes: what is left of them stands in `audit_retired` before they go, which takes only what the
-- archive holds and no hold keeps.
CREATE FUNCTION bailiwick_event_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND EXISTS (
        SELECT 1 FROM audit_retired r WHERE r.tenant = OLD.tenant AND r.event = OLD.id AND r.hash = OLD.hash
        AND NOT EXISTS (SELECT 1 FROM audit_held h WHERE h.tenant = r.tenant AND h.leaf_index = r.leaf_index)) THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE FUNCTION bailiwick_leaf_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND EXISTS (
        SELECT 1 FROM audit_retired r WHERE r.tenant = OLD.tenant AND r.leaf_index = OLD.leaf_index AND r.hash = OLD.hash
        AND NOT EXISTS (SELECT 1 FROM audit_held h WHERE h.tenant = r.tenant AND h.leaf_index = r.leaf_index)) THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$;
-- Sets of leaves are written anew without those that went.
CREATE FUNCTION bailiwick_posting_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND EXISTS (
        SELECT 1 FROM audit_retired r
        WHERE r.tenant = OLD.tenant AND r.leaf_index >= OLD.block * 512 AND r.leaf_index < OLD.block * 512 + 512) THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE FUNCTION bailiwick_retiring() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM audit_segment s
                   WHERE s.tenant = NEW.tenant AND s.size = NEW.segment AND s.first_leaf <= NEW.leaf_index AND s.size > NEW.leaf_index)
       OR NOT EXISTS (SELECT 1 FROM audit_tile t WHERE t.tenant = NEW.tenant AND t.level = 0 AND t.idx = NEW.leaf_index / 256)
       OR NOT EXISTS (SELECT 1 FROM audit_leaf l
                      WHERE l.tenant = NEW.tenant AND l.leaf_index = NEW.leaf_index AND l.event = NEW.event AND l.hash = NEW.hash
                        -- Ninety days, by the clock of the database, whoever asks.
                        AND l.recorded_at <= (extract(epoch FROM now()) * 1000000)::bigint - 7776000000000)
       OR EXISTS (SELECT 1 FROM audit_held h WHERE h.tenant = NEW.tenant AND h.leaf_index = NEW.leaf_index) THEN
        RAISE EXCEPTION 'only what is archived, ninety days old and kept by no hold is retired' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER audit_event_append_only BEFORE UPDATE OR DELETE ON audit_event FOR EACH ROW EXECUTE FUNCTION bailiwick_event_append_only();
CREATE TRIGGER audit_event_no_truncate BEFORE TRUNCATE ON audit_event FOR EACH STATEMENT EXECUTE FUNCTION bailiwick_append_only();
ALTER TABLE audit_event ENABLE ALWAYS TRIGGER audit_event_append_only;
ALTER TABLE audit_event ENABLE ALWAYS TRIGGER audit_event_no_truncate;
CREATE TRIGGER audit_leaf_append_only BEFORE UPDATE OR DELETE ON audit_leaf FOR EACH ROW EXECUTE FUNCTION bailiwick_leaf_append_only();
CREATE TRIGGER audit_leaf_no_truncate BEFORE TRUNCATE ON audit_leaf FOR EACH STATEMENT EXECUTE FUNCTION bailiwick_append_only();
ALTER TABLE audit_leaf ENABLE ALWAYS TRIGGER audit_leaf_append_only;
ALTER TABLE audit_leaf ENABLE ALWAYS TRIGGER audit_leaf_no_truncate;
CREATE TRIGGER audit_tile_append_only BEFORE UPDATE OR DELETE ON audit_tile FOR EACH ROW EXECUTE FUNCTION bailiwick_append_only();
CREATE TRIGGER audit_tile_no_truncate BEFORE TRUNCATE ON audit_tile FOR EACH STATEMENT EXECUTE FUNCTION bailiwick_append_only();
ALTER TABLE audit_tile ENABLE ALWAYS TRIGGER audit_tile_append_only;
ALTER TABLE audit_tile ENABLE ALWAYS TRIGGER audit_tile_no_truncate;
CREATE TRIGGER audit_posting_append_only BEFORE UPDATE OR DELETE ON audit_posting FOR EACH ROW EXECUTE FUNCTION bailiwick_posting_append_only();
CREATE TRIGGER audit_posting_no_truncate BEFORE TRUNCATE ON audit_posting FOR EACH STATEMENT EXECUTE FUNCTION bailiwick_append_only();
ALTER TABLE audit_posting ENABLE ALWAYS TRIGGER audit_posting_append_only;
ALTER TABLE audit_posting ENABLE ALWAYS TRIGGER audit_posting_no_truncate;
CREATE TRIGGER audit_checkpoint_append_only BEFORE UPDATE OR DELETE ON audit_checkpoint FOR EACH ROW EXECUTE FUNCTION bailiwick_append_only();
CREATE TRIGGER audit_checkpoint_no_truncate BEFORE TRUNCATE ON audit_checkpoint FOR EACH STATEMENT EXECUTE FUNCTION bailiwick_append_only();
ALTER TABLE audit_checkpoint ENABLE ALWAYS TRIGGER audit_checkpoint_append_only;
ALTER TABLE audit_checkpoint ENABLE ALWAYS TRIGGER audit_checkpoint_no_truncate;
CREATE TRIGGER audit_cosignature_append_only BEFORE UPDATE OR DELETE ON audit_cosignature FOR EACH ROW EXECUTE FUNCTION bailiwick_append_only();
CREATE TRIGGER audit_cosignature_no_truncate BEFORE TRUNCATE ON audit_cosignature FOR EACH STATEMENT EXECUTE FUNCTION bailiwick_append_only();
ALTER TABLE audit_cosignature ENABLE ALWAYS TRIGGER audit_cosignature_append_only;
ALTER TABLE audit_cosignature ENABLE ALWAYS TRIGGER audit_cosignature_no_truncate;
CREATE TRIGGER audit_refusal_append_only BEFORE UPDATE OR DELETE ON audit_refusal FOR EACH ROW EXECUTE FUNCTION bailiwick_append_only();
CREATE TRIGGER audit_refusal_no_truncate BEFORE TRUNCATE ON audit_refusal FOR EACH STATEMENT EXECUTE FUNCTION bailiwick_append_only();
ALTER TABLE audit_refusal ENABLE ALWAYS TRIGGER audit_refusal_append_only;
ALTER TABLE audit_refusal ENABLE ALWAYS TRIGGER audit_refusal_no_truncate;
CREATE TRIGGER audit_epoch_append_only BEFORE UPDATE OR DELETE ON audit_epoch FOR EACH ROW EXECUTE FUNCTION bailiwick_append_only();
CREATE TRIGGER audit_epoch_no_truncate BEFORE TRUNCATE ON audit_epoch FOR EACH STATEMENT EXECUTE FUNCTION bailiwick_append_only();
ALTER TABLE audit_epoch ENABLE ALWAYS TRIGGER audit_epoch_append_only;
ALTER TABLE audit_epoch ENABLE ALWAYS TRIGGER audit_epoch_no_truncate;
CREATE TRIGGER audit_region_head_append_only BEFORE UPDATE OR DELETE ON audit_region_head FOR EACH ROW EXECUTE FUNCTION bailiwick_append_only();
CREATE TRIGGER audit_region_head_no_truncate BEFORE TRUNCATE ON audit_region_head FOR EACH STATEMENT EXECUTE FUNCTION bailiwick_append_only();
ALTER TABLE audit_region_head ENABLE ALWAYS TRIGGER audit_region_head_append_only;
ALTER TABLE audit_region_head ENABLE ALWAYS TRIGGER audit_region_head_no_truncate;
CREATE TRIGGER audit_drill_append_only BEFORE UPDATE OR DELETE ON audit_drill FOR EACH ROW EXECUTE FUNCTION bailiwick_append_only();
CREATE TRIGGER audit_drill_no_truncate BEFORE TRUNCATE ON audit_drill FOR EACH STATEMENT EXECUTE FUNCTION bailiwick_append_only();
ALTER TABLE audit_drill ENABLE ALWAYS TRIGGER audit_drill_append_only;
ALTER TABLE audit_drill ENABLE ALWAYS TRIGGER audit_drill_no_truncate;
CREATE TRIGGER audit_segment_append_only BEFORE UPDATE OR DELETE ON audit_segment FOR EACH ROW EXECUTE FUNCTION bailiwick_append_only();
CREATE TRIGGER audit_segment_no_truncate BEFORE TRUNCATE ON audit_segment FOR EACH STATEMENT EXECUTE FUNCTION bailiwick_append_only();
ALTER TABLE audit_segment ENABLE ALWAYS TRIGGER audit_segment_append_only;
ALTER TABLE audit_segment ENABLE ALWAYS TRIGGER audit_segment_no_truncate;
CREATE TRIGGER audit_retired_append_only BEFORE UPDATE OR DELETE ON audit_retired FOR EACH ROW EXECUTE FUNCTION bailiwick_append_only();
CREATE TRIGGER audit_retired_no_truncate BEFORE TRUNCATE ON audit_retired FOR EACH STATEMENT EXECUTE FUNCTION bailiwick_append_only();
ALTER TABLE audit_retired ENABLE ALWAYS TRIGGER audit_retired_append_only;
ALTER TABLE audit_retired ENABLE ALWAYS TRIGGER audit_retired_no_truncate;
CREATE TRIGGER audit_retirement_append_only BEFORE UPDATE OR DELETE ON audit_retirement FOR EACH ROW EXECUTE FUNCTION bailiwick_append_only();
CREATE TRIGGER audit_retirement_no_truncate BEFORE TRUNCATE ON audit_retirement FOR EACH STATEMENT EXECUTE FUNCTION bailiwick_append_only();
ALTER TABLE audit_retirement ENABLE ALWAYS TRIGGER audit_retirement_append_only;
ALTER TABLE audit_retirement ENABLE ALWAYS TRIGGER audit_retirement_no_truncate;
CREATE TRIGGER audit_retired_only_archived BEFORE INSERT ON audit_retired FOR EACH ROW EXECUTE FUNCTION bailiwick_retiring();
ALTER TABLE audit_retired ENABLE ALWAYS TRIGGER audit_retired_only_archived;

-- The tenant of the running transaction; none outside one, and then no row is visible.
CREATE FUNCTION bailiwick_tenant() RETURNS uuid LANGUAGE sql STABLE AS $$
    SELECT nullif(current_setting('bailiwick.tenant', true), '')::uuid
$$;

-- What the service may not delete by itself, it may have taken by these, which run as the owner and only for the tenant that it is bound
-- to: records of which what is left stands in `audit_retired`, and the sets of leaves that hold them. The triggers judge each row.
CREATE FUNCTION bailiwick_take(leaves bigint[]) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    mine CONSTANT uuid := bailiwick_tenant();
    taken bigint;
BEGIN
    DELETE FROM audit_event e USING audit_retired r
    WHERE r.tenant = mine AND r.leaf_index = ANY (leaves) AND e.tenant = mine AND e.id = r.event;
    DELETE FROM audit_leaf l USING audit_retired r
    WHERE r.tenant = mine AND r.leaf_index = ANY (leaves) AND l.tenant = mine AND l.leaf_index = r.leaf_index;
    GET DIAGNOSTICS taken = ROW_COUNT;
    RETURN taken;
END $$;
CREATE FUNCTION bailiwick_unlist(terms bytea[], blocks bigint[]) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    mine CONSTANT uuid := bailiwick_tenant();
    taken bigint;
BEGIN
    DELETE FROM audit_posting p USING unnest(terms, blocks) AS n (term, block)
    WHERE p.tenant = mine AND p.term = n.term AND p.block = n.block;
    GET DIAGNOSTICS taken = ROW_COUNT;
    RETURN taken;
END $$;
REVOKE ALL ON FUNCTION bailiwick_take(bigint[]) FROM PUBLIC;
REVOKE ALL ON FUNCTION bailiwick_unlist(bytea[], bigint[]) FROM PUBLIC;

-- The service's role is not the owner and cannot bypass row-level security. Sign-in roles are made members of it.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'bailiwick_app') THEN
        CREATE ROLE bailiwick_app NOLOGIN NOBYPASSRLS;
    END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN
    NULL;
END $$;
GRANT USAGE ON SCHEMA public TO bailiwick_app;

GRANT SELECT, INSERT, UPDATE ON tenant TO bailiwick_app;
GRANT SELECT, INSERT, DELETE ON directory_address TO bailiwick_app;
GRANT SELECT, INSERT ON directory_key TO bailiwick_app;
GRANT SELECT, INSERT ON tenant_key TO bailiwick_app;
GRANT SELECT, INSERT, UPDATE ON subject_key TO bailiwick_app;
GRANT SELECT, INSERT, UPDATE ON policy TO bailiwick_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON role_floor TO bailiwick_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON users TO bailiwick_app;
GRANT SELECT, INSERT, DELETE ON user_word TO bailiwick_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON password TO bailiwick_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON factor TO bailiwick_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON passkey TO bailiwick_app;
GRANT SELECT, INSERT, DELETE ON webauthn_ceremony TO bailiwick_app;
GRANT SELECT, INSERT, DELETE ON webauthn_spent TO bailiwick_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON recovery_code TO bailiwick_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON session TO bailiwick_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON enrolment TO bailiwick_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON password_reset TO bailiwick_app;
GRANT SELECT, INSERT, DELETE ON sign_in_attempt TO bailiwick_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON sign_in_tally TO bailiwick_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON account_lock TO bailiwick_app;
GRANT SELECT, INSERT, DELETE ON known_device TO bailiwick_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON custom_role TO bailiwick_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON team TO bailiwick_app;
GRANT SELECT, INSERT, DELETE ON team_role TO bailiwick_app;
GRANT SELECT, INSERT, DELETE ON team_member TO bailiwick_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON user_grant TO bailiwick_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON invitation TO bailiwick_app;
GRANT SELECT, INSERT, DELETE ON invitation_link TO bailiwick_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON audit_stream TO bailiwick_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON audit_stream_secret TO bailiwick_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON audit_stream_dead TO bailiwick_app;
GRANT SELECT, INSERT, UPDATE ON mail TO bailiwick_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON step_up TO bailiwick_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON phone TO bailiwick_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON phone_check TO bailiwick_app;
GRANT SELECT, INSERT, UPDATE ON api_key TO bailiwick_app;
GRANT SELECT, INSERT, UPDATE ON security_event TO bailiwick_app;
GRANT SELECT, INSERT ON audit_event TO bailiwick_app;
GRANT SELECT, INSERT, DELETE ON audit_pending TO bailiwick_app;
GRANT SELECT, INSERT, UPDATE ON audit_head TO bailiwick_app;
GRANT SELECT, INSERT ON audit_leaf TO bailiwick_app;
GRANT SELECT, INSERT ON audit_tile TO bailiwick_app;
GRANT SELECT, INSERT ON audit_posting TO bailiwick_app;
GRANT SELECT, INSERT, DELETE ON audit_tail TO bailiwick_app;
GRANT SELECT, INSERT, UPDATE ON audit_rollup TO bailiwick_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON saved_search TO bailiwick_app;
GRANT SELECT, INSERT, UPDATE ON audit_tree TO bailiwick_app;
GRANT SELECT, INSERT ON audit_checkpoint TO bailiwick_app;
GRANT SELECT, INSERT ON audit_cosignature TO bailiwick_app;
GRANT SELECT, INSERT ON audit_refusal TO bailiwick_app;
GRANT SELECT, INSERT ON audit_epoch TO bailiwick_app;
GRANT SELECT, INSERT ON audit_region_head TO bailiwick_app;
GRANT SELECT, INSERT, UPDATE ON audit_witness TO bailiwick_app;
GRANT SELECT, INSERT, DELETE ON audit_personal TO bailiwick_app;
GRANT SELECT, INSERT, UPDATE ON audit_hold TO bailiwick_app;
GRANT SELECT ON audit_held TO bailiwick_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON audit_retention TO bailiwick_app;
GRANT SELECT, INSERT ON audit_retirement TO bailiwick_app;
GRANT SELECT, INSERT ON audit_retired TO bailiwick_app;
GRANT SELECT, INSERT, UPDATE ON audit_restore TO bailiwick_app;
GRANT SELECT, INSERT, DELETE ON audit_restored TO bailiwick_app;
GRANT SELECT, INSERT, UPDATE ON audit_alarm TO bailiwick_app;
GRANT EXECUTE ON FUNCTION bailiwick_take(bigint[]) TO bailiwick_app;
GRANT EXECUTE ON FUNCTION bailiwick_unlist(bytea[], bigint[]) TO bailiwick_app;
GRANT SELECT, INSERT, UPDATE ON subject_request TO bailiwick_app;
GRANT SELECT, INSERT, UPDATE ON audit_verification TO bailiwick_app;
GRANT SELECT, INSERT ON audit_access TO bailiwick_app;
GRANT SELECT, INSERT, UPDATE ON event_intake TO bailiwick_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON event_schema TO bailiwick_app;
GRANT SELECT, INSERT ON audit_intake TO bailiwick_app;
GRANT SELECT, INSERT, UPDATE ON audit_image TO bailiwick_app;
GRANT SELECT, INSERT ON audit_drill TO bailiwick_app;
GRANT SELECT, INSERT, UPDATE ON audit_watch TO bailiwick_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON audit_habit TO bailiwick_app;
GRANT SELECT, INSERT, DELETE ON audit_anomaly TO bailiwick_app;
GRANT SELECT, INSERT, UPDATE ON audit_export TO bailiwick_app;
GRANT SELECT, INSERT ON audit_segment TO bailiwick_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON permission_use TO bailiwick_app;
GRANT SELECT, INSERT, UPDATE ON role_use TO bailiwick_app;
GRANT SELECT, INSERT ON permission_recording TO bailiwick_app;

-- The second wall: whatever a query forgets, another tenant's rows are not there.
ALTER TABLE tenant ENABLE ROW LEVEL SECURITY;
ALTER TABLE tenant FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_own ON tenant USING (id = bailiwick_tenant()) WITH CHECK (id = bailiwick_tenant());
ALTER TABLE tenant_key ENABLE ROW LEVEL SECURITY;
ALTER TABLE tenant_key FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_key_own ON tenant_key USING (tenant = bailiwick_tenant()) WITH CHECK (tenant = bailiwick_tenant());
ALTER TABLE subject_key ENABLE ROW LEVEL SECURITY;
ALTER TABLE subject_key FORCE ROW LEVEL SECURITY;
CREATE POLICY subject_key_own ON subject_key USING (tenant = bailiwick_tenant()) WITH CHECK (tenant = bailiwick_tenant());
ALTER TABLE policy ENABLE ROW LEVEL SECURITY;
ALTER TABLE policy FORCE ROW LEVEL SECURITY;
CREATE POLICY policy_own ON policy USING (tenant = bailiwick_tenant()) WITH CHECK (tenant = bailiwick_tenant());
ALTER TABLE role_floor ENABLE ROW LEVEL SECURITY;
ALTER TABLE role_floor FORCE ROW LEVEL SECURITY;
CREATE POLICY role_floor_own ON role_floor USING (tenant = bailiwick_tenant()) WITH CHECK (tenant = bailiwick_tenant());
ALTER TABLE users ENABLE ROW LEVEL SECURITY;
ALTER TABLE users FORCE ROW LEVEL SECURITY;
CREATE POLICY users_own ON users USING (tenant = bailiwick_tenant()) WITH CHECK (tenant = bailiwick_tenant());
ALTER TABLE user_word ENABLE ROW LEVEL SECURITY;
ALTER TABLE user_word FORCE ROW LEVEL SECURITY;
CREATE POLICY user_word_own ON user_word USING (tenant = bailiwick_tenant()) WITH CHECK (tenant = bailiwick_tenant());
ALTER TABLE password ENABLE ROW LEVEL SECURITY;
ALTER TABLE password FORCE ROW LEVEL SECURITY;
CREATE POLICY password_own ON password USING (tenant = bailiwick_tenant()) WITH CHECK (tenant = bailiwick_tenant());
ALTER TABLE factor ENABLE ROW LEVEL SECURITY;
ALTER TABLE factor FORCE ROW LEVEL SECURITY;
CREATE POLICY factor_own ON factor USING (tenant = bailiwick_tenant()) WITH CHECK (tenant = bailiwick_tenant());
ALTER TABLE passkey ENABLE ROW LEVEL SECURITY;
ALTER TABLE passkey FORCE ROW LEVEL SECURITY;
CREATE POLICY passkey_own ON passkey USING (tenant = bailiwick_tenant()) WITH CHECK (tenant = bailiwick_tenant());
ALTER TABLE webauthn_ceremony ENABLE ROW LEVEL SECURITY;
ALTER TABLE webauthn_ceremony FORCE ROW LEVEL SECURITY;
CREATE POLICY webauthn_ceremony_own ON webauthn_ceremony USING (tenant = bailiwick_tenant()) WITH CHECK (tenant = bailiwick_tenant());
ALTER TABLE webauthn_spent ENABLE ROW LEVEL SECURITY;
ALTER TABLE webauthn_spent FORCE ROW LEVEL SECURITY;
CREATE POLICY webauthn_spent_own ON webauthn_spent USING (tenant = bailiwick_tenant()) WITH CHECK (tenant = bailiwick_tenant());
ALTER TABLE recovery_code ENABLE ROW LEVEL SECURITY;
ALTER TABLE recovery_code FORCE ROW LEVEL SECURITY;
CREATE POLICY recovery_code_own ON recovery_code USING (tenant = bailiwick_tenant()) WITH CHECK (tenant = bailiwick_tenant());
ALTER TABLE session ENABLE ROW LEVEL SECURITY;
ALTER TABLE session FORCE ROW LEVEL SECURITY;
CREATE POLICY session_own ON session USING (tenant = bailiwick_tenant()) WITH CHECK (tenant = bailiwick_tenant());
ALTER TABLE enrolment ENABLE ROW LEVEL SECURITY;
ALTER TABLE enrolment FORCE ROW LEVEL SECURITY;
CREATE POLICY enrolment_own ON enrolment USING (tenant = bailiwick_tenant()) WITH CHECK (tenant = bailiwick_tenant());
ALTER TABLE password_reset ENABLE ROW LEVEL SECURITY;
ALTER TABLE password_reset FORCE ROW LEVEL SECURITY;
CREATE POLICY password_reset_own ON password_reset USING (tenant = bailiwick_tenant()) WITH CHECK (tenant = bailiwick_tenant());
ALTER TABLE sign_in_attempt ENABLE ROW LEVEL SECURITY;
ALTER TABLE sign_in_attempt FORCE ROW LEVEL SECURITY;
CREATE POLICY sign_in_attempt_own ON sign_in_attempt USING (tenant = bailiwick_tenant()) WITH CHECK (tenant = bailiwick_tenant());
ALTER TABLE sign_in_tally ENABLE ROW LEVEL SECURITY;
ALTER TABLE sign_in_tally FORCE ROW LEVEL SECURITY;
CREATE POLICY sign_in_tally_own ON sign_in_tally USING (tenant = bailiwick_tenant()) WITH CHECK (tenant = bailiwick_tenant());
ALTER TABLE account_lock ENABLE ROW LEVEL SECURITY;
ALTER TABLE account_lock FORCE ROW LEVEL SECURITY;
CREATE POLICY account_lock_own ON account_lock USING (tenant = bailiwick_tenant()) WITH CHECK (tenant = bailiwick_tenant());
ALTER TABLE known_device ENABLE ROW LEVEL SECURITY;
ALTER TABLE known_device FORCE ROW LEVEL SECURITY;
CREATE POLICY known_device_own ON known_device USING (tenant = bailiwick_tenant()) WITH CHECK (tenant = bailiwick_tenant());
ALTER TABLE custom_role ENABLE ROW LEVEL SECURITY;
ALTER TABLE custom_role FORCE ROW LEVEL SECURITY;
CREATE POLICY custom_role_own ON custom_role USING (tenant = bailiwick_tenant()) WITH CHECK (tenant = bailiwick_tenant());
ALTER TABLE team ENABLE ROW LEVEL SECURITY;
ALTER TABLE team FORCE ROW LEVEL SECURITY;
CREATE POLICY team_own ON team USING (tenant = bailiwick_tenant()) WITH CHECK (tenant = bailiwick_tenant());
ALTER TABLE team_role ENABLE ROW LEVEL SECURITY;
ALTER TABLE team_role FORCE ROW LEVEL SECURITY;
CREATE POLICY team_role_own ON team_role USING (tenant = bailiwick_tenant()) WITH CHECK (tenant = bailiwick_tenant());
ALTER TABLE team_member ENABLE ROW LEVEL SECURITY;
ALTER TABLE team_member FORCE ROW LEVEL SECURITY;
CREATE POLICY team_member_own ON team_member USING (tenant = bailiwick_tenant()) WITH CHECK (tenant = bailiwick_tenant());
ALTER TABLE user_grant ENABLE ROW LEVEL SECURITY;
ALTER TABLE user_grant FORCE ROW LEVEL SECURITY;
CREATE POLICY user_grant_own ON user_grant USING (tenant = bailiwick_tenant()) WITH CHECK (tenant = bailiwick_tenant());
ALTER TABLE invitation ENABLE ROW LEVEL SECURITY;
ALTER TABLE invitation FORCE ROW LEVEL SECURITY;
CREATE POLICY invitation_own ON invitation USING (tenant = bailiwick_tenant()) WITH CHECK (tenant = bailiwick_tenant());
ALTER TABLE invitation_link ENABLE ROW LEVEL SECURITY;
ALTER TABLE invitation_link FORCE ROW LEVEL SECURITY;
CREATE POLICY invitation_link_own ON invitation_link USING (tenant = bailiwick_tenant()) WITH CHECK (tenant = bailiwick_tenant());
ALTER TABLE mail ENABLE ROW LEVEL SECURITY;
ALTER TABLE mail FORCE ROW LEVEL SECURITY;
CREATE POLICY mail_own ON mail USING (tenant = bailiwick_tenant()) WITH CHECK (tenant = bailiwick_tenant());
ALTER TABLE step_up ENABLE ROW LEVEL SECURITY;
ALTER TABLE step_up FORCE ROW LEVEL SECURITY;
CREATE POLICY step_up_own ON step_up USING (tenant = bailiwick_tenant()) WITH CHECK (tenant = bailiwick_tenant());
ALTER TABLE phone ENABLE ROW LEVEL SECURITY;
ALTER TABLE phone FORCE ROW LEVEL SECURITY;
CREATE POLICY phone_own ON phone USING (tenant = bailiwick_tenant()) WITH CHECK (tenant = bailiwick_tenant());
ALTER TABLE phone_check ENABLE ROW LEVEL SECURITY;
ALTER TABLE phone_check FORCE ROW LEVEL SECURITY;
CREATE POLICY phone_check_own ON phone_check USING (tenant = bailiwick_tenant()) WITH CHECK (tenant = bailiwick_tenant());
ALTER TABLE api_key ENABLE ROW LEVEL SECURITY;
ALTER TABLE api_key FORCE ROW LEVEL SECURITY;
CREATE POLICY api_key_own ON api_key USING (tenant = bailiwick_tenant()) WITH CHECK (tenant = bailiwick_tenant());
ALTER TABLE security_event ENABLE ROW LEVEL SECURITY;
ALTER TABLE security_event FORCE ROW LEVEL SECURITY;
CREATE POLICY security_event_own ON security_event USING (tenant = bailiwick_tenant()) WITH CHECK (tenant = bailiwick_tenant());
ALTER TABLE audit_event ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_event FORCE ROW LEVEL SECURITY;
CREATE POLICY audit_event_own ON audit_event USING (tenant = bailiwick_tenant()) WITH CHECK (tenant = bailiwick_tenant());
ALTER TABLE audit_pending ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_pending FORCE ROW LEVEL SECURITY;
CREATE POLICY audit_pending_own ON audit_pending USING (tenant = bailiwick_tenant()) WITH CHECK (tenant = bailiwick_tenant());
ALTER TABLE audit_head ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_head FORCE ROW LEVEL SECURITY;
CREATE POLICY audit_head_own ON audit_head USING (tenant = bailiwick_tenant()) WITH CHECK (tenant = bailiwick_tenant());
ALTER TABLE audit_leaf ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_leaf FORCE ROW LEVEL SECURITY;
CREATE POLICY audit_leaf_own ON audit_leaf USING (tenant = bailiwick_tenant()) WITH CHECK (tenant = bailiwick_tenant());
ALTER TABLE audit_posting ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_posting FORCE ROW LEVEL SECURITY;
CREATE POLICY audit_posting_own ON audit_posting USING (tenant = bailiwick_tenant()) WITH CHECK (tenant = bailiwick_tenant());
ALTER TABLE audit_tail ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_tail FORCE ROW LEVEL SECURITY;
CREATE POLICY audit_tail_own ON audit_tail USING (tenant = bailiwick_tenant()) WITH CHECK (tenant = bailiwick_tenant());
ALTER TABLE audit_rollup ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_rollup FORCE ROW LEVEL SECURITY;
CREATE POLICY audit_rollup_own ON audit_rollup USING (tenant = bailiwick_tenant()) WITH CHECK (tenant = bailiwick_tenant());
ALTER TABLE saved_search ENABLE ROW LEVEL SECURITY;
ALTER TABLE saved_search FORCE ROW LEVEL SECURITY;
CREATE POLICY saved_search_own ON saved_search USING (tenant = bailiwick_tenant()) WITH CHECK (tenant = bailiwick_tenant());
ALTER TABLE audit_tile ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_tile FORCE ROW LEVEL SECURITY;
CREATE POLICY audit_tile_own ON audit_tile USING (tenant = bailiwick_tenant()) WITH CHECK (tenant = bailiwick_tenant());
ALTER TABLE audit_tree ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_tree FORCE ROW LEVEL SECURITY;
CREATE POLICY audit_tree_own ON audit_tree USING (tenant = bailiwick_tenant()) WITH CHECK (tenant = bailiwick_tenant());
ALTER TABLE audit_checkpoint ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_checkpoint FORCE ROW LEVEL SECURITY;
CREATE POLICY audit_checkpoint_own ON audit_checkpoint USING (tenant = bailiwick_tenant()) WITH CHECK (tenant = bailiwick_tenant());
ALTER TABLE audit_cosignature ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_cosignature FORCE ROW LEVEL SECURITY;
CREATE POLICY audit_cosignature_own ON audit_cosignature USING (tenant = bailiwick_tenant()) WITH CHECK (tenant = bailiwick_tenant());
ALTER TABLE audit_refusal ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_refusal FORCE ROW LEVEL SECURITY;
CREATE POLICY audit_refusal_own ON audit_refusal USING (tenant = bailiwick_tenant()) WITH CHECK (tenant = bailiwick_tenant());
ALTER TABLE audit_epoch ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_epoch FORCE ROW LEVEL SECURITY;
CREATE POLICY audit_epoch_own ON audit_epoch USING (tenant = bailiwick_tenant()) WITH CHECK (tenant = bailiwick_tenant());
ALTER TABLE audit_region_head ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_region_head FORCE ROW LEVEL SECURITY;
CREATE POLICY audit_region_head_own ON audit_region_head USING (tenant = bailiwick_tenant()) WITH CHECK (tenant = bailiwick_tenant());
ALTER TABLE audit_witness ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_witness FORCE ROW LEVEL SECURITY;
CREATE POLICY audit_witness_own ON audit_witness USING (tenant = bailiwick_tenant()) WITH CHECK (tenant = bailiwick_tenant());
ALTER TABLE audit_personal ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_personal FORCE ROW LEVEL SECURITY;
CREATE POLICY audit_personal_own ON audit_personal USING (tenant = bailiwick_tenant()) WITH CHECK (tenant = bailiwick_tenant());
ALTER TABLE audit_hold ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_hold FORCE ROW LEVEL SECURITY;
CREATE POLICY audit_hold_own ON audit_hold USING (tenant = bailiwick_tenant()) WITH CHECK (tenant = bailiwick_tenant());
ALTER TABLE subject_request ENABLE ROW LEVEL SECURITY;
ALTER TABLE subject_request FORCE ROW LEVEL SECURITY;
CREATE POLICY subject_request_own ON subject_request USING (tenant = bailiwick_tenant()) WITH CHECK (tenant = bailiwick_tenant());
ALTER TABLE audit_verification ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_verification FORCE ROW LEVEL SECURITY;
CREATE POLICY audit_verification_own ON audit_verification USING (tenant = bailiwick_tenant()) WITH CHECK (tenant = bailiwick_tenant());
ALTER TABLE audit_access ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_access FORCE ROW LEVEL SECURITY;
CREATE POLICY audit_access_own ON audit_access USING (tenant = bailiwick_tenant()) WITH CHECK (tenant = bailiwick_tenant());
ALTER TABLE event_intake ENABLE ROW LEVEL SECURITY;
ALTER TABLE event_intake FORCE ROW LEVEL SECURITY;
CREATE POLICY event_intake_own ON event_intake USING (tenant = bailiwick_tenant()) WITH CHECK (tenant = bailiwick_tenant());
ALTER TABLE event_schema ENABLE ROW LEVEL SECURITY;
ALTER TABLE event_schema FORCE ROW LEVEL SECURITY;
CREATE POLICY event_schema_own ON event_schema USING (tenant = bailiwick_tenant()) WITH CHECK (tenant = bailiwick_tenant());
ALTER TABLE audit_intake ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_intake FORCE ROW LEVEL SECURITY;
CREATE POLICY audit_intake_own ON audit_intake USING (tenant = bailiwick_tenant()) WITH CHECK (tenant = bailiwick_tenant());
ALTER TABLE audit_image ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_image FORCE ROW LEVEL SECURITY;
CREATE POLICY audit_image_own ON audit_image USING (tenant = bailiwick_tenant()) WITH CHECK (tenant = bailiwick_tenant());
ALTER TABLE audit_export ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_export FORCE ROW LEVEL SECURITY;
CREATE POLICY audit_export_own ON audit_export USING (tenant = bailiwick_tenant()) WITH CHECK (tenant = bailiwick_tenant());
ALTER TABLE audit_segment ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_segment FORCE ROW LEVEL SECURITY;
CREATE POLICY audit_segment_own ON audit_segment USING (tenant = bailiwick_tenant()) WITH CHECK (tenant = bailiwick_tenant());
ALTER TABLE audit_retention ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_retention FORCE ROW LEVEL SECURITY;
CREATE POLICY audit_retention_own ON audit_retention USING (tenant = bailiwick_tenant()) WITH CHECK (tenant = bailiwick_tenant());
ALTER TABLE audit_retirement ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_retirement FORCE ROW LEVEL SECURITY;
CREATE POLICY audit_retirement_own ON audit_retirement USING (tenant = bailiwick_tenant()) WITH CHECK (tenant = bailiwick_tenant());
ALTER TABLE audit_retired ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_retired FORCE ROW LEVEL SECURITY;
CREATE POLICY audit_retired_own ON audit_retired USING (tenant = bailiwick_tenant()) WITH CHECK (tenant = bailiwick_tenant());
ALTER TABLE audit_restore ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_restore FORCE ROW LEVEL SECURITY;
CREATE POLICY audit_restore_own ON audit_restore USING (tenant = bailiwick_tenant()) WITH CHECK (tenant = bailiwick_tenant());
ALTER TABLE audit_restored ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_restored FORCE ROW LEVEL SECURITY;
CREATE POLICY audit_restored_own ON audit_restored USING (tenant = bailiwick_tenant()) WITH CHECK (tenant = bailiwick_tenant());
ALTER TABLE audit_alarm ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_alarm FORCE ROW LEVEL SECURITY;
CREATE POLICY audit_alarm_own ON audit_alarm USING (tenant = bailiwick_tenant()) WITH CHECK (tenant = bailiwick_tenant());
ALTER TABLE permission_use ENABLE ROW LEVEL SECURITY;
ALTER TABLE permission_use FORCE ROW LEVEL SECURITY;
CREATE POLICY permission_use_own ON permission_use USING (tenant = bailiwick_tenant()) WITH CHECK (tenant = bailiwick_tenant());
ALTER TABLE role_use ENABLE ROW LEVEL SECURITY;
ALTER TABLE role_use FORCE ROW LEVEL SECURITY;
CREATE POLICY role_use_own ON role_use USING (tenant = bailiwick_tenant()) WITH CHECK (tenant = bailiwick_tenant());
ALTER TABLE permission_recording ENABLE ROW LEVEL SECURITY;
ALTER TABLE permission_recording FORCE ROW LEVEL SECURITY;
CREATE POLICY permission_recording_own ON permission_recording USING (tenant = bailiwick_tenant()) WITH CHECK (tenant = bailiwick_tenant());
ALTER TABLE audit_drill ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_drill FORCE ROW LEVEL SECURITY;
CREATE POLICY audit_drill_own ON audit_drill USING (tenant = bailiwick_tenant()) WITH CHECK (tenant = bailiwick_tenant());
ALTER TABLE audit_watch ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_watch FORCE ROW LEVEL SECURITY;
CREATE POLICY audit_watch_own ON audit_watch USING (tenant = bailiwick_tenant()) WITH CHECK (tenant = bailiwick_tenant());
ALTER TABLE audit_habit ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_habit FORCE ROW LEVEL SECURITY;
CREATE POLICY audit_habit_own ON audit_habit USING (tenant = bailiwick_tenant()) WITH CHECK (tenant = bailiwick_tenant());
ALTER TABLE audit_anomaly ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_anomaly FORCE ROW LEVEL SECURITY;
CREATE POLICY audit_anomaly_own ON audit_anomaly USING (tenant = bailiwick_tenant()) WITH CHECK (tenant = bailiwick_tenant());
ALTER TABLE audit_stream ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_stream FORCE ROW LEVEL SECURITY;
CREATE POLICY audit_stream_own ON audit_stream USING (tenant = bailiwick_tenant()) WITH CHECK (tenant = bailiwick_tenant());
ALTER TABLE audit_stream_secret ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_stream_secret FORCE ROW LEVEL SECURITY;
CREATE POLICY audit_stream_secret_own ON audit_stream_secret USING (tenant = bailiwick_tenant()) WITH CHECK (tenant = bailiwick_tenant());
ALTER TABLE audit_stream_dead ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_stream_dead FORCE ROW LEVEL SECURITY;
CREATE POLICY audit_stream_dead_own ON audit_stream_dead USING (tenant = bailiwick_tenant()) WITH CHECK (tenant = bailiwick_tenant());

-- Names and status of tenants hold no personal data; the platform's list and the way to a tenant need them.
CREATE POLICY tenant_list ON tenant FOR SELECT USING (true);

-- The sequencer and the signer must find the tenants with work; they read ids here and then enter one tenant after the other.
CREATE POLICY audit_pending_find ON audit_pending FOR SELECT USING (current_setting('bailiwick.job', true) = 'on');
CREATE POLICY audit_tree_find ON audit_tree FOR SELECT USING (current_setting('bailiwick.job', true) = 'on');
CREATE POLICY audit_witness_find ON audit_witness FOR SELECT USING (current_setting('bailiwick.job', true) = 'on');
CREATE POLICY audit_image_find ON audit_image FOR SELECT USING (current_setting('bailiwick.job', true) = 'on' AND image IS NULL);

-- Likewise the mail room, which could read nothing here but sealed letters, and whoever reminds of open invitations and notes
-- that they were not answered in time.
CREATE POLICY mail_find ON mail FOR SELECT USING (current_setting('bailiwick.job', true) = 'on');
CREATE POLICY invitation_find ON invitation FOR SELECT USING (current_setting('bailiwick.job', true) = 'on' AND state = 'open');

-- And whoever records that a grant has ended.
CREATE POLICY user_grant_find ON user_grant FOR SELECT USING (current_setting('bailiwick.job', true) = 'on' AND expires_at IS NOT NULL AND ended_at IS NULL);

-- And whoever records that an account takes guesses again.
CREATE POLICY account_lock_find ON account_lock FOR SELECT USING (current_setting('bailiwick.job', true) = 'on');

-- And whoever runs the drills and looks for what is unusual: when the last drill was, and how far a log was looked at.
CREATE POLICY audit_drill_find ON audit_drill FOR SELECT USING (current_setting('bailiwick.job', true) = 'on');
CREATE POLICY audit_watch_find ON audit_watch FOR SELECT USING (current_setting('bailiwick.job', true) = 'on');

-- And whoever sends the audit log by streams: addresses and credentials lie sealed.
CREATE POLICY audit_stream_find ON audit_stream FOR SELECT USING (current_setting('bailiwick.job', true) = 'on');

-- And whoever writes exports, and removes those whose time is over.
CREATE POLICY audit_export_find ON audit_export FOR SELECT USING (current_setting('bailiwick.job', true) = 'on' AND state IN ('waiting', 'done'));

-- And whoever archives: it compares where the archive ends with where the trees do.
CREATE POLICY audit_segment_find ON audit_segment FOR SELECT USING (current_setting('bailiwick.job', true) = 'on');

-- And whoever applies the retention, and brings segments back.
CREATE POLICY audit_retention_find ON audit_retention FOR SELECT USING (current_setting('bailiwick.job', true) = 'on');
CREATE POLICY audit_restore_find ON audit_restore FOR SELECT USING (current_setting('bailiwick.job', true) = 'on');
CREATE POLICY audit_restored_find ON audit_restored FOR SELECT USING (current_setting('bailiwick.job', true) = 'on');
