//! The shapes of known tokens: what makers of them publish so that they can be found.

use std::sync::LazyLock;

use regex::RegexSet;

/// A shape that is hardly ever anything but a secret.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// What it is, as people read it.
    pub name: &'static str,
    /// A regular expression in the syntax of the crate `regex`, which takes linear time.
    pub pattern: &'static str,
}

const fn shape(name: &'static str, pattern: &'static str) -> Shape {
    Shape { name, pattern }
}

/// Every shape. Of two that fit, the first is told.
#[rustfmt::skip]
pub const RULES: &[Shape] = &[
    shape("an AWS access key id", r"\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}\b"),
    shape("an AWS Bedrock key", r"\bABSK[A-Za-z0-9+/]{100,}"),
    shape("a Google API key", r"\bAIza[0-9A-Za-z_-]{35}"),
    shape("a Google OAuth client secret", r"\bGOCSPX-[A-Za-z0-9_-]{28}"),
    shape("a Google access token", r"\bya29\.[A-Za-z0-9_-]{30,}"),
    shape("a Google refresh token", r"\b1//0[A-Za-z0-9_-]{40,}"),
    shape("an Azure storage key", r"AccountKey=[A-Za-z0-9+/]{86}=="),
    shape("a shared key of Azure", r"SharedAccessKey=[A-Za-z0-9+/]{40,}="),
    shape("a shared access signature", r"[?&]sig=[A-Za-z0-9%+/]{43,}"),
    shape("a client secret of Entra ID", r"\b[A-Za-z0-9_~.-]{3}8Q~[A-Za-z0-9_~.-]{34}"),
    shape("a secret key of Stripe", r"\bsk_(?:live|test)_[0-9A-Za-z]{16,}"),
    shape("a restricted key of Stripe", r"\brk_(?:live|test)_[0-9A-Za-z]{16,}"),
    shape("a signing secret of webhooks", r"\bwhsec_[A-Za-z0-9+/]{24,}"),
    shape("a token of GitHub", r"\bgh[pousr]_[A-Za-z0-9]{36,}"),
    shape("a fine-grained token of GitHub", r"\bgithub_pat_[A-Za-z0-9_]{22,}"),
    shape("a personal token of GitLab", r"\bglpat-[A-Za-z0-9_.-]{20,}"),
    shape("a deploy token of GitLab", r"\bgldt-[A-Za-z0-9_-]{20,}"),
    shape("a runner token of GitLab", r"\bglrt-[A-Za-z0-9_.-]{20,}"),
    shape("a trigger token of GitLab", r"\bglptt-[0-9a-f]{40}"),
    shape("an OAuth secret of GitLab", r"\bgloas-[A-Za-z0-9_-]{40,}"),
    shape("a token of Slack", r"\bxox[abeoprs](?:\.xox[bp])?-[A-Za-z0-9-]{10,}"),
    shape("an app token of Slack", r"\bxapp-\d-[A-Z0-9]+-\d+-[0-9a-f]{20,}"),
    shape("a webhook of Slack", r"hooks\.slack\.com/(?:services|workflows|triggers)/T[A-Z0-9]{6,}/[A-Za-z0-9/]{20,}"),
    shape("a webhook of Discord", r"discord(?:app)?\.com/api/webhooks/\d{17,20}/[A-Za-z0-9_-]{60,}"),
    shape("a token of a Discord bot", r"\b[MNO][A-Za-z0-9_-]{23,27}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,}"),
    shape("a webhook of Teams", r"\.webhook\.office\.com/webhookb2/[0-9a-f-]{36}@[0-9a-f-]{36}/IncomingWebhook/[0-9a-f]{32}/"),
    shape("a token of a Telegram bot", r"\b\d{8,10}:AA[A-Za-z0-9_-]{33}\b"),
    shape("an API key of Twilio", r"\bSK[0-9a-f]{32}\b"),
    shape("a key of SendGrid", r"\bSG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}"),
    shape("a key of Mailgun", r"\bkey-[0-9a-f]{32}\b"),
    shape("a key of Mailchimp", r"\b[0-9a-f]{32}-us\d{1,2}\b"),
    shape("a key of Brevo", r"\bxkeysib-[0-9a-f]{64}-[A-Za-z0-9]{16}"),
    shape("an access token of Square", r"\bsq0(?:atp|csp)-[0-9A-Za-z_-]{22,}"),
    shape("a token of Braintree or PayPal", r"access_token\$(?:production|sandbox)\$[0-9a-z]{16}\$[0-9a-f]{32}"),
    shape("a key of Flutterwave", r"\bFLWSECK(?:_TEST)?-[0-9A-Za-z]{20,}"),
    shape("a token of Plaid", r"\baccess-(?:sandbox|development|production)-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"),
    shape("a token of GoCardless", r"\blive_[A-Za-z0-9_-]{40}\b"),
    shape("a token of Shopify", r"\bshp(?:at|ca|pa|ss|tka)_[0-9a-fA-F]{32}"),
    shape("a token of EasyPost", r"\bEZ[AT]K[0-9A-Za-z]{50,}"),
    shape("a token of Shippo", r"\bshippo_(?:live|test)_[0-9a-f]{40}"),
    shape("a token of Duffel", r"\bduffel_(?:live|test)_[A-Za-z0-9_=-]{40,}"),
    shape("a token of npm", r"\bnpm_[A-Za-z0-9]{36}"),
    shape("a token of PyPI", r"\bpypi-[A-Za-z0-9_-]{40,}"),
    shape("a token of RubyGems", r"\brubygems_[0-9a-f]{48}"),
    shape("a token of a crate registry", r"\bcio[A-Za-z0-9]{32}\b"),
    shape("a token of Docker", r"\bdckr_(?:pat|oat)_[A-Za-z0-9_-]{20,}"),
    shape("a token of DigitalOcean", r"\bdo[opr]_v1_[0-9a-f]{64}"),
    shape("a token of Heroku", r"\bHRKU-[0-9A-Za-z_-]{30,}"),
    shape("a token of Fly", r"\bfm[12][ar]?_[A-Za-z0-9+/=_-]{50,}"),
    shape("a token of Netlify", r"\bnf[pcou]_[A-Za-z0-9]{36,}"),
    shape("an origin key of Cloudflare", r"\bv1\.0-[0-9a-f]{24}-[0-9a-f]{100,}"),
    shape("a token of Vault or OpenBao", r"\bhv[bsr]\.[A-Za-z0-9_-]{24,}"),
    shape("a token of Terraform", r"\b[A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_=-]{60,}"),
    shape("a token of Databricks", r"\bdapi[0-9a-f]{32}"),
    shape("a key of New Relic", r"\bNR(?:AK|JS|II)-[A-Za-z0-9_-]{19,}"),
    shape("a token of Sentry", r"\bsntry[su]_[A-Za-z0-9+/=_-]{40,}"),
    shape("a token of Grafana", r"\bglsa_[A-Za-z0-9]{32}_[0-9a-f]{8}"),
    shape("a cloud token of Grafana", r"\bglc_[A-Za-z0-9+/=]{32,}"),
    shape("a token of Dynatrace", r"\bdt0[a-z]\d\d\.[A-Z0-9]{24}\.[A-Z0-9]{64}"),
    shape("a key of Linear", r"\blin_(?:api|oauth)_[A-Za-z0-9]{32,}"),
    shape("a token of Notion", r"\b(?:ntn_|secret_)[A-Za-z0-9]{43,}"),
    shape("a token of Airtable", r"\bpat[A-Za-z0-9]{14}\.[0-9a-f]{64}"),
    shape("a token of Figma", r"\bfig[dou]r?_[A-Za-z0-9_-]{40,}"),
    shape("a token of Atlassian", r"\bAT(?:ATT3|CTT3|BB)[A-Za-z0-9_=-]{24,}"),
    shape("a token of Dropbox", r"\bsl\.[A-Za-z0-9_-]{100,}"),
    shape("a token of HubSpot", r"\bpat-(?:na|eu|ap)\d-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"),
    shape("a key of OpenAI", r"\bsk-(?:proj-|svcacct-|admin-)?[A-Za-z0-9_-]{40,}"),
    shape("a token of Hugging Face", r"\bhf_[A-Za-z]{34}"),
    shape("a token of Replicate", r"\br8_[A-Za-z0-9]{37}"),
    shape("a key of Groq", r"\bgsk_[A-Za-z0-9]{48,}"),
    shape("a key of Perplexity", r"\bpplx-[A-Za-z0-9]{40,}"),
    shape("a key of xAI", r"\bxai-[A-Za-z0-9]{70,}"),
    shape("a key of Pinecone", r"\bpcsk_[A-Za-z0-9_]{50,}"),
    shape("a token of Doppler", r"\bdp\.(?:pt|st|ct|sa|scim|audit)\.[A-Za-z0-9_.-]{40,}"),
    shape("a token of PlanetScale", r"\bpscale_(?:tkn|oauth|pw)_[A-Za-z0-9_=.-]{32,}"),
    shape("a token of Supabase", r"\bsb(?:p|_secret)_[A-Za-z0-9_-]{30,}"),
    shape("a token of Pulumi", r"\bpul-[0-9a-f]{40}"),
    shape("a key of Postman", r"\bPMAK-[0-9a-f]{24}-[0-9a-f]{34}"),
    shape("a token of Typeform", r"\btfp_[A-Za-z0-9_-]{40,}"),
    shape("a token of Contentful", r"\bCFPAT-[A-Za-z0-9_-]{43}"),
    shape("a key of Tailscale", r"\btskey-(?:api|auth|client|scim|webhook)-[A-Za-z0-9]+-[A-Za-z0-9]{20,}"),
    shape("a service token of 1Password", r"\bops_eyJ[A-Za-z0-9_-]{100,}"),
    shape("a token of Buildkite", r"\bbk(?:ua|aa|ct)_[A-Za-z0-9]{40,}"),
    shape("a token of CircleCI", r"\bCCI(?:PAT|PRJ)_[A-Za-z0-9]{22}_[0-9a-f]{40}"),
    shape("a secret token of Mapbox", r"\bsk\.eyJ[A-Za-z0-9_-]{40,}\.[A-Za-z0-9_-]{20,}"),
    shape("a token of Facebook", r"\bEAA[A-Za-z0-9]{90,}"),
    shape("a bearer token of X", r"\bA{20,22}[A-Za-z0-9%]{60,}"),
    shape("a key of this program", r"\b[a-z0-9]{2,12}_(?:live|test)_[a-z0-9]{3}_[A-Za-z0-9]{32,}"),
    shape("a secret key of age", r"\bAGE-SECRET-KEY-1[0-9A-Z]{58}"),
    shape("a JSON Web Token", r"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{16,}"),
    shape("a private key", r"-----BEGIN (?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?-----"),
    shape("a private key of PuTTY", r"PuTTY-User-Key-File-\d: "),
    shape("an address with a password", r"[a-z][a-z0-9+.-]{1,20}://[^/\s:@]{0,100}:[^/\s:@]{3,}@"),
    shape("a connection string with a password", r"(?i)(?:^|;)\s*(?:password|pwd)\s*=\s*[^;\s]{4,}"),
    shape("credentials of a header", r"(?i)\b(?:basic [A-Za-z0-9+/]{16,}={0,2}|bearer [A-Za-z0-9._~+/-]{20,}=*)(?:$|\s)"),
];

/// All of them in one automaton, so that a text is read once. Nothing where one of them is no expression, which the tests would find.
static SET: LazyLock<Option<RegexSet>> =
    LazyLock::new(|| RegexSet::new(RULES.iter().map(|rule| rule.pattern)).ok());

/// The shape that a text holds.
pub(super) fn of(text: &str) -> Option<&'static str> {
    let found = SET.as_ref()?.matches(text).into_iter().next()?;
    RULES.get(found).map(|rule| rule.name)
}
