//! Access rules as types: a handler names its rule in its signature, and the gate checks it before the handler runs.

use crate::{entity::SensitiveAction, permission::Permission};

/// What a rule asks of the caller.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Need {
    /// No caller at all: only the server itself, in a job or on the command line.
    Nobody,
    /// Nothing: the page is public.
    Anyone,
    /// A live session or key, whatever its permissions.
    SignedIn,
    /// A live session, whatever its permissions, whose user signed in or proved again who they are within the minutes that
    /// the tenant's policy gives (`reauth_minutes`). A key never: nobody sits before it. OWASP ASVS 5.0, 7.5.1.
    Recent,
    /// As [`SignedIn`](Self::SignedIn), and besides a session whose person has to set up a second factor before anything else,
    /// if they signed in or proved again who they are as lately as for [`Recent`](Self::Recent).
    Enrolling,
    /// As [`SignedIn`](Self::SignedIn), and besides any session whose person has to set up a second factor, or to show the passkey
    /// that they have.
    Proving,
    /// A live session or key whose effective permissions hold this one.
    Has(Permission),
    /// As [`Has`](Self::Has), and of a person besides a proof as late as for [`Recent`](Self::Recent): what decides who may do what
    /// is not for whoever has come by an open session. A key passes by its permission alone; nobody sits before it. OWASP
    /// ASVS 5.0, 7.5.3.
    RecentHas(Permission),
    /// A live session of a person whose effective permissions hold this one, and a one-time code for the very change.
    Confirmed(Permission),
}

impl Need {
    /// The permission that it asks for, if it asks for one.
    pub const fn permission(self) -> Option<Permission> {
        match self {
            Self::Has(permission) | Self::RecentHas(permission) | Self::Confirmed(permission) => {
                Some(permission)
            }
            _ => None,
        }
    }
}

mod sealed {
    pub trait Listed {}
}

/// A rule that a route declares in its handler's signature. Every rule stands in the list below; none is made elsewhere.
pub trait Rule: sealed::Listed + Send + Sync + 'static {
    /// What the caller must have.
    const NEED: Need;
    /// The rule's name in the access table.
    const NAME: &'static str;
}

/// Rules under which a write transaction may be opened.
pub trait Writes: Rule {}

/// Rules of sensitive changes: beside the permit each takes the approval of exactly this change, which a right one-time code
/// turns into.
///
/// They are not [`Writes`], so no plain write transaction opens under them, and no plain route takes their requests; see
/// `store::gate::approved`.
#[diagnostic::on_unimplemented(
    message = "the rule `{Self}` is not one of the sensitive ones",
    note = "sensitive rules stand in a list of their own, in `domain::rule`"
)]
pub trait Sensitive: Rule {
    /// What the code is asked for.
    const ACTION: SensitiveAction;
}

/// Rules of callers who are not known yet but act within a tenant that their credential or link names.
///
/// Only these may turn a permit without a tenant into one inside it; see `store::gate`.
pub trait Entry: Writes {}

/// Rules of the platform's own people, who may step into a tenant; the step is recorded in that tenant's log.
pub trait Platform: Rule {}

macro_rules! rules {
    ($($(#[$doc:meta])* $name:ident $(: $marker:ident)* => $need:expr;)*) => { $(
        $(#[$doc])*
        #[derive(Debug)]
        pub enum $name {}
        impl sealed::Listed for $name {}
        impl Rule for $name {
            const NEED: Need = $need;
            const NAME: &'static str = stringify!($name);
        }
        $(impl $marker for $name {})*
        const _: () = assert!(!matches!($need, Need::Confirmed(_)), "confirmed rules stand in the list below");
    )* };
}

macro_rules! sensitive {
    ($($(#[$doc:meta])* $name:ident => $permission:expr, $action:expr;)*) => { $(
        $(#[$doc])*
        #[derive(Debug)]
        pub enum $name {}
        impl sealed::Listed for $name {}
        impl Rule for $name {
            const NEED: Need = Need::Confirmed($permission);
            const NAME: &'static str = stringify!($name);
        }
        impl Sensitive for $name {
            const ACTION: SensitiveAction = $action;
        }
    )* };
}

rules! {
    /// Pages that anyone may read.
    Public => Need::Anyone;
    /// The steps of signing in, enrolling and signing out.
    SignIn: Writes: Entry => Need::Anyone;
    /// Pages of a person about themselves.
    Me => Need::SignedIn;
    /// Changes of a person to their own account.
    ChangeMe: Writes => Need::SignedIn;
    /// Proving again who one is, and getting a new session for it.
    ProveAgain: Writes => Need::Proving;
    /// Forms for changing what proves who a person is.
    MyProofs => Need::Recent;
    /// Changes of a person to what proves who they are: password, factors, recovery codes, passkeys.
    ChangeMyProofs: Writes => Need::Recent;
    /// Ending one's own sessions (OWASP ASVS 5.0, 7.5.2).
    EndMySessions: Writes => Need::Recent;
    /// Setting up the second factor that is asked of a person: all that they may do once they are late with it.
    EnrolFactor: Writes => Need::Enrolling;

    /// Reading the security controls page and the posture.
    ReadPosture => Need::Has(Permission::POSTURE_READ);
    /// Reading users and their factors' states.
    ReadUsers => Need::Has(Permission::USER_READ);
    /// Seeing documents and their versions.
    ReadDocuments => Need::Has(Permission::DOCUMENT_READ);
    /// Downloading a version of a document; whoever does is recorded.
    DownloadDocument: Writes => Need::Has(Permission::DOCUMENT_READ);
    /// Adding documents and new versions of them.
    WriteDocuments: Writes => Need::Has(Permission::DOCUMENT_WRITE);
    /// Seeing how versions of documents lie in the store, and the signed statement of it.
    ReadDocumentEvidence => Need::Has(Permission::DOCUMENT_STORE_READ);
    /// Giving a user another role.
    AssignRole: Writes => Need::RecentHas(Permission::USER_ASSIGN_ROLE);
    /// Granting or denying a user single permissions.
    GrantPermission: Writes => Need::RecentHas(Permission::USER_GRANT);
    /// Disabling and enabling a user: whoever is enabled may again do all that they could.
    DisableUser: Writes => Need::RecentHas(Permission::USER_DISABLE);
    /// Changing another user's name.
    UpdateUser: Writes => Need::Has(Permission::USER_UPDATE);
    /// Letting a user try again who has to wait after wrong guesses.
    UnlockUser: Writes => Need::Has(Permission::USER_UNLOCK);
    /// Asking somebody by letter to set up a second factor.
    RemindFactors: Writes => Need::Has(Permission::FACTOR_RESET);
    /// Reading who is signed in.
    ReadSessions => Need::Has(Permission::SESSION_READ);
    /// Ending other people's sessions (OWASP ASVS 5.0, 7.4.5).
    RevokeSession: Writes => Need::Has(Permission::SESSION_REVOKE);
    /// Reading roles, permissions and the access table.
    ReadRoles => Need::Has(Permission::ROLE_READ);
    /// Making a role.
    CreateRole: Writes => Need::RecentHas(Permission::ROLE_CREATE);
    /// Changing a role that the tenant made.
    UpdateRole: Writes => Need::RecentHas(Permission::ROLE_UPDATE);
    /// Removing a role that the tenant made.
    DeleteRole: Writes => Need::RecentHas(Permission::ROLE_DELETE);
    /// Reading teams and who is in them.
    ReadTeams => Need::Has(Permission::TEAM_READ);
    /// Making, changing and dissolving teams, and taking people in and out: whoever is in one has its roles.
    UpdateTeam: Writes => Need::RecentHas(Permission::TEAM_UPDATE);
    /// Giving a team a role and taking it away: as with a user's role, it decides what people may do.
    GiveTeamRole: Writes => Need::RecentHas(Permission::USER_ASSIGN_ROLE);
    /// Reading invitations.
    ReadInvitations => Need::Has(Permission::INVITATION_READ);
    /// Inviting people.
    Invite: Writes => Need::RecentHas(Permission::INVITATION_CREATE);
    /// Taking an invitation back.
    RevokeInvitation: Writes => Need::Has(Permission::INVITATION_REVOKE);
    /// Sending an invitation again.
    ResendInvitation: Writes => Need::RecentHas(Permission::INVITATION_RESEND);
    /// Reading which letters were sent to whom, never what they say.
    ReadMail => Need::Has(Permission::MAIL_READ);
    /// Reading API keys, never their secrets.
    ReadApiKeys => Need::Has(Permission::API_KEY_READ);
    /// Issuing API keys.
    CreateApiKey: Writes => Need::RecentHas(Permission::API_KEY_CREATE);
    /// Revoking API keys.
    RevokeApiKey: Writes => Need::Has(Permission::API_KEY_REVOKE);
    /// Asking what a session, a user or a key may do. It changes nothing; the question is too long for an address.
    CheckAccess: Writes => Need::Has(Permission::ACCESS_CHECK);
    /// Taking scopes away from an API key that it does not use.
    NarrowApiKey: Writes => Need::Has(Permission::API_KEY_ROTATE);
    /// Asking whether a key of one's own organisation is good, and for what. It changes nothing; a key does not belong into an address.
    VerifyKey: Writes => Need::Has(Permission::ACCESS_CHECK);
    /// Revoking a key that has leaked: whoever has its text may.
    SurrenderKey: Writes: Entry => Need::Anyone;
    /// Reading security events.
    ReadSecurityEvents => Need::Has(Permission::SECURITY_EVENT_READ);
    /// Acknowledging and resolving security events.
    TriageSecurityEvents: Writes => Need::Has(Permission::SECURITY_EVENT_TRIAGE);
    /// Searching the audit log.
    ReadAudit => Need::Has(Permission::AUDIT_READ);
    /// Recording events of the guarded product.
    RecordEvents: Writes => Need::Has(Permission::AUDIT_WRITE);
    /// Reading what is never stored of the product's events, and how they have to look.
    ReadIntake => Need::Has(Permission::AUDIT_READ);
    /// Changing that: whoever may do it could let something be stored that must not be.
    SetIntake: Writes => Need::RecentHas(Permission::AUDIT_REDACTION);
    /// Reading what proves the audit log, and none of its records: checkpoints, proofs, witnesses.
    VerifyAudit => Need::Has(Permission::AUDIT_VERIFY);
    /// Asking for records of the log with what proves them; whoever does has to hold `audit:read` as well.
    AskBundle => Need::Has(Permission::AUDIT_EXPORT);
    /// Making a bundle of them, or a receipt with personal values: it leaves the product, with whatever values are asked for. Whoever
    /// does has to hold `audit:read` as well, which the operation looks at.
    MakeBundle: Writes => Need::RecentHas(Permission::AUDIT_EXPORT);
    /// Keeping searches of the audit log, for oneself or for all who may read it.
    KeepSearches: Writes => Need::Has(Permission::AUDIT_READ);
    /// Seeing which legal holds there are: whoever reads the log finds them there, with their matters.
    ReadHolds => Need::Has(Permission::AUDIT_READ);
    /// Seeing requests about what is kept of a person, and what was found.
    ReadSubjects => Need::Has(Permission::AUDIT_ERASE);
    /// Opening such a request: whoever does learns whether somebody is known here.
    OpenSubject: Writes => Need::RecentHas(Permission::AUDIT_ERASE);
    /// Handing out what is kept of a person.
    DiscloseSubject: Writes => Need::RecentHas(Permission::AUDIT_ERASE);
    /// Running a tamper drill on a copy of the audit log.
    RunDrill: Writes => Need::Has(Permission::AUDIT_VERIFY);
    /// Making, changing, stopping and testing streams of the audit log.
    UpdateStreams: Writes => Need::RecentHas(Permission::AUDIT_STREAM);
    /// Seeing which exports of the audit log there are.
    ReadExports => Need::Has(Permission::AUDIT_EXPORT);
    /// Asking for an export of the audit log, and removing one.
    ExportAudit: Writes => Need::RecentHas(Permission::AUDIT_EXPORT);
    /// Downloading an export; whoever does is recorded.
    DownloadExport: Writes => Need::Has(Permission::AUDIT_EXPORT);
    /// Seeing how long records are kept, what would go and what went, and which segments were asked back.
    ReadRetention => Need::Has(Permission::AUDIT_READ);
    /// Asking a segment of the archive back for a time, and ending that.
    RestoreSegment: Writes => Need::RecentHas(Permission::AUDIT_RETENTION);
    /// Seeing which secrets are kept, never their values.
    ReadSecrets => Need::Has(Permission::SECRET_READ);
    /// Storing secrets, staging a version and taking that back.
    WriteSecrets: Writes => Need::RecentHas(Permission::SECRET_WRITE);
    /// Getting the values of secrets. Each use is recorded, so it is a change; the operation looks at the addresses of the key.
    UseSecrets: Writes => Need::Has(Permission::SECRET_USE);
    /// Seeing integrations and what they are configured with, which holds no secret.
    ReadIntegrations => Need::Has(Permission::INTEGRATION_READ);
    /// Setting integrations up, changing, testing and removing them: whoever may do it decides where secrets are sent.
    UpdateIntegrations: Writes => Need::RecentHas(Permission::INTEGRATION_UPDATE);
    /// Seeing encryption keys, their ages and what they protect; never key material.
    ReadKeys => Need::Has(Permission::KEY_READ);
    /// Setting how often the encryption key is rotated.
    SetKeySchedule: Writes => Need::RecentHas(Permission::KEY_ROTATE);
    /// Calling off a destruction of a key, before its time has come.
    CancelKeyDestruction: Writes => Need::RecentHas(Permission::KEY_DESTROY);
    /// Reading the tenant's security policy.
    ReadPolicy => Need::Has(Permission::POLICY_READ);
    /// Changing the tenant's security policy.
    UpdatePolicy: Writes => Need::RecentHas(Permission::POLICY_UPDATE);
    /// Reading the access table of the running server.
    ReadSystem => Need::Has(Permission::SYSTEM_READ);

    /// Listing tenants.
    ReadTenants: Platform => Need::Has(Permission::TENANT_READ);
    /// Seeing the background jobs of the server.
    ReadJobs => Need::Has(Permission::JOB_READ);
    /// Creating a tenant.
    CreateTenant: Writes: Platform => Need::Has(Permission::TENANT_CREATE);
    /// Serving a suspended tenant again.
    ReactivateTenant: Writes: Platform => Need::Has(Permission::TENANT_SUSPEND);
    /// Asking for a one-time code and answering with it: what leads to an approval, never the sensitive change itself.
    SeekApproval: Writes => Need::SignedIn;

    /// Work that the server does by itself: seeding, jobs, the command line. Never granted to a request.
    ByJob: Writes: Platform: Entry => Need::Nobody;
}

sensitive! {
    /// Suspending a tenant.
    SuspendTenant => Permission::TENANT_SUSPEND, SensitiveAction::TenantSuspension;
    /// Removing the second factors of somebody else.
    ResetFactors => Permission::FACTOR_RESET, SensitiveAction::FactorReset;
    /// Deleting somebody else, and with them every personal value about them.
    DeleteUser => Permission::USER_DELETE, SensitiveAction::UserDeletion;
    /// Placing a legal hold: from then on nothing that it covers can be erased.
    PlaceHold => Permission::AUDIT_HOLD, SensitiveAction::HoldPlacement;
    /// Lifting a legal hold.
    LiftHold => Permission::AUDIT_HOLD, SensitiveAction::HoldLifting;
    /// Erasing everything that is kept of a person.
    EraseSubject => Permission::AUDIT_ERASE, SensitiveAction::PersonErasure;
    /// Letting a stream of the audit log lead to a place.
    PlaceStream => Permission::AUDIT_STREAM, SensitiveAction::StreamPlace;
    /// Making another signing secret for a stream of the audit log.
    RotateStreamSecret => Permission::AUDIT_STREAM, SensitiveAction::StreamSecret;
    /// Changing how long records of a class are kept.
    ChangeRetention => Permission::AUDIT_RETENTION, SensitiveAction::RetentionChange;
    /// Putting the staged version of a secret into use.
    RotateSecret => Permission::SECRET_WRITE, SensitiveAction::SecretRotation;
    /// Deleting a secret with every version of it.
    DeleteSecret => Permission::SECRET_WRITE, SensitiveAction::SecretDeletion;
    /// Making another API key in the place of one.
    RotateApiKey => Permission::API_KEY_ROTATE, SensitiveAction::ApiKeyRotation;
    /// Sealing under a new version of the encryption key from now on.
    RotateKey => Permission::KEY_ROTATE, SensitiveAction::KeyRotation;
    /// Destroying a version of the encryption key that nothing needs any more.
    DestroyKey => Permission::KEY_DESTROY, SensitiveAction::KeyDestruction;
    /// Deleting a document with all its versions.
    DeleteDocument => Permission::DOCUMENT_DELETE, SensitiveAction::DocumentDeletion;
}

impl Platform for SuspendTenant {}
