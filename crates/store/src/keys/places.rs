//! Every column that holds values sealed under a tenant's key.

/// A column of sealed values.
pub(super) struct Place {
    pub(super) table: &'static str,
    pub(super) column: &'static str,
    /// How many there are under each version, which is the four octets behind the first.
    pub(super) count: &'static str,
    /// Some under a version before `$2`: the row's id, a number that is part of its key or 0, the value.
    pub(super) older: &'static str,
    /// Puts `$5` in the place of `$4` where it still is that.
    pub(super) replace: &'static str,
    /// Whether the number is part of the key.
    pub(super) numbered: bool,
}

/// Every one of them. A new column belongs here: a key is not destroyed while something that is listed here is sealed under it.
pub(super) static PLACES: &[Place] = &[
    Place {
        table: "factor",
        column: "sealed",
        count: "SELECT substr(sealed, 2, 4), count(*) FROM factor WHERE tenant = $1 AND sealed IS NOT NULL GROUP BY substr(sealed, 2, 4)",
        older: "SELECT id, CAST(0 AS bigint), sealed FROM factor WHERE tenant = $1 AND sealed IS NOT NULL AND substr(sealed, 2, 4) < $2 LIMIT $3",
        replace: "UPDATE factor SET sealed = $5 WHERE tenant = $1 AND id = $2 AND $3 = CAST(0 AS bigint) AND sealed = $4",
        numbered: false,
    },
    Place {
        table: "passkey",
        column: "sealed",
        count: "SELECT substr(sealed, 2, 4), count(*) FROM passkey WHERE tenant = $1 AND sealed IS NOT NULL GROUP BY substr(sealed, 2, 4)",
        older: "SELECT id, CAST(0 AS bigint), sealed FROM passkey WHERE tenant = $1 AND sealed IS NOT NULL AND substr(sealed, 2, 4) < $2 LIMIT $3",
        replace: "UPDATE passkey SET sealed = $5 WHERE tenant = $1 AND id = $2 AND $3 = CAST(0 AS bigint) AND sealed = $4",
        numbered: false,
    },
    Place {
        table: "webauthn_ceremony",
        column: "sealed",
        count: "SELECT substr(sealed, 2, 4), count(*) FROM webauthn_ceremony WHERE tenant = $1 AND sealed IS NOT NULL GROUP BY substr(sealed, 2, 4)",
        older: "SELECT id, CAST(0 AS bigint), sealed FROM webauthn_ceremony WHERE tenant = $1 AND sealed IS NOT NULL AND substr(sealed, 2, 4) < $2 LIMIT $3",
        replace: "UPDATE webauthn_ceremony SET sealed = $5 WHERE tenant = $1 AND id = $2 AND $3 = CAST(0 AS bigint) AND sealed = $4",
        numbered: false,
    },
    Place {
        table: "phone",
        column: "number",
        count: "SELECT substr(number, 2, 4), count(*) FROM phone WHERE tenant = $1 AND number IS NOT NULL GROUP BY substr(number, 2, 4)",
        older: "SELECT user_id, CAST(0 AS bigint), number FROM phone WHERE tenant = $1 AND number IS NOT NULL AND substr(number, 2, 4) < $2 LIMIT $3",
        replace: "UPDATE phone SET number = $5 WHERE tenant = $1 AND user_id = $2 AND $3 = CAST(0 AS bigint) AND number = $4",
        numbered: false,
    },
    Place {
        table: "phone_check",
        column: "number",
        count: "SELECT substr(number, 2, 4), count(*) FROM phone_check WHERE tenant = $1 AND number IS NOT NULL GROUP BY substr(number, 2, 4)",
        older: "SELECT user_id, CAST(0 AS bigint), number FROM phone_check WHERE tenant = $1 AND number IS NOT NULL AND substr(number, 2, 4) < $2 LIMIT $3",
        replace: "UPDATE phone_check SET number = $5 WHERE tenant = $1 AND user_id = $2 AND $3 = CAST(0 AS bigint) AND number = $4",
        numbered: false,
    },
    Place {
        table: "mail",
        column: "recipient",
        count: "SELECT substr(recipient, 2, 4), count(*) FROM mail WHERE tenant = $1 AND recipient IS NOT NULL GROUP BY substr(recipient, 2, 4)",
        older: "SELECT id, CAST(0 AS bigint), recipient FROM mail WHERE tenant = $1 AND recipient IS NOT NULL AND substr(recipient, 2, 4) < $2 LIMIT $3",
        replace: "UPDATE mail SET recipient = $5 WHERE tenant = $1 AND id = $2 AND $3 = CAST(0 AS bigint) AND recipient = $4",
        numbered: false,
    },
    Place {
        table: "mail",
        column: "content",
        count: "SELECT substr(content, 2, 4), count(*) FROM mail WHERE tenant = $1 AND content IS NOT NULL GROUP BY substr(content, 2, 4)",
        older: "SELECT id, CAST(0 AS bigint), content FROM mail WHERE tenant = $1 AND content IS NOT NULL AND substr(content, 2, 4) < $2 LIMIT $3",
        replace: "UPDATE mail SET content = $5 WHERE tenant = $1 AND id = $2 AND $3 = CAST(0 AS bigint) AND content = $4",
        numbered: false,
    },
    Place {
        table: "audit_stream",
        column: "sealed",
        count: "SELECT substr(sealed, 2, 4), count(*) FROM audit_stream WHERE tenant = $1 AND sealed IS NOT NULL GROUP BY substr(sealed, 2, 4)",
        older: "SELECT id, CAST(0 AS bigint), sealed FROM audit_stream WHERE tenant = $1 AND sealed IS NOT NULL AND substr(sealed, 2, 4) < $2 LIMIT $3",
        replace: "UPDATE audit_stream SET sealed = $5 WHERE tenant = $1 AND id = $2 AND $3 = CAST(0 AS bigint) AND sealed = $4",
        numbered: false,
    },
    Place {
        table: "audit_stream_secret",
        column: "sealed",
        count: "SELECT substr(sealed, 2, 4), count(*) FROM audit_stream_secret WHERE tenant = $1 AND sealed IS NOT NULL GROUP BY substr(sealed, 2, 4)",
        older: "SELECT stream, number, sealed FROM audit_stream_secret WHERE tenant = $1 AND sealed IS NOT NULL AND substr(sealed, 2, 4) < $2 LIMIT $3",
        replace: "UPDATE audit_stream_secret SET sealed = $5 WHERE tenant = $1 AND stream = $2 AND number = $3 AND sealed = $4",
        numbered: true,
    },
    Place {
        table: "secret_version",
        column: "sealed",
        count: "SELECT substr(sealed, 2, 4), count(*) FROM secret_version WHERE tenant = $1 AND sealed IS NOT NULL GROUP BY substr(sealed, 2, 4)",
        older: "SELECT secret, number, sealed FROM secret_version WHERE tenant = $1 AND sealed IS NOT NULL AND substr(sealed, 2, 4) < $2 LIMIT $3",
        replace: "UPDATE secret_version SET sealed = $5 WHERE tenant = $1 AND secret = $2 AND number = $3 AND sealed = $4",
        numbered: true,
    },
    Place {
        table: "integration",
        column: "sealed",
        count: "SELECT substr(sealed, 2, 4), count(*) FROM integration WHERE tenant = $1 AND sealed IS NOT NULL GROUP BY substr(sealed, 2, 4)",
        older: "SELECT id, CAST(0 AS bigint), sealed FROM integration WHERE tenant = $1 AND sealed IS NOT NULL AND substr(sealed, 2, 4) < $2 LIMIT $3",
        replace: "UPDATE integration SET sealed = $5 WHERE tenant = $1 AND id = $2 AND $3 = CAST(0 AS bigint) AND sealed = $4",
        numbered: false,
    },
    Place {
        table: "kept_answer",
        column: "sealed",
        count: "SELECT substr(sealed, 2, 4), count(*) FROM kept_answer WHERE tenant = $1 AND sealed IS NOT NULL GROUP BY substr(sealed, 2, 4)",
        older: "SELECT id, CAST(0 AS bigint), sealed FROM kept_answer WHERE tenant = $1 AND sealed IS NOT NULL AND substr(sealed, 2, 4) < $2 LIMIT $3",
        replace: "UPDATE kept_answer SET sealed = $5 WHERE tenant = $1 AND id = $2 AND $3 = CAST(0 AS bigint) AND sealed = $4",
        numbered: false,
    },
    Place {
        table: "document_version",
        column: "sealed_key",
        count: "SELECT substr(sealed_key, 2, 4), count(*) FROM document_version WHERE tenant = $1 AND sealed_key IS NOT NULL GROUP BY substr(sealed_key, 2, 4)",
        older: "SELECT id, CAST(0 AS bigint), sealed_key FROM document_version WHERE tenant = $1 AND sealed_key IS NOT NULL AND substr(sealed_key, 2, 4) < $2 LIMIT $3",
        replace: "UPDATE document_version SET sealed_key = $5 WHERE tenant = $1 AND id = $2 AND $3 = CAST(0 AS bigint) AND sealed_key = $4",
        numbered: false,
    },
    // An upload's key is sealed for the version that it becomes.
    Place {
        table: "document_version",
        column: "sealed_key",
        count: "SELECT substr(sealed_key, 2, 4), count(*) FROM document_upload WHERE tenant = $1 AND sealed_key IS NOT NULL GROUP BY substr(sealed_key, 2, 4)",
        older: "SELECT id, CAST(0 AS bigint), sealed_key FROM document_upload WHERE tenant = $1 AND sealed_key IS NOT NULL AND substr(sealed_key, 2, 4) < $2 LIMIT $3",
        replace: "UPDATE document_upload SET sealed_key = $5 WHERE tenant = $1 AND id = $2 AND $3 = CAST(0 AS bigint) AND sealed_key = $4",
        numbered: false,
    },
];
