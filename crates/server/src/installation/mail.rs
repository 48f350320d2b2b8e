//! How letters leave this installation.

use std::{path::Path, sync::Arc};

use bailiwick_mail::{
    BadWebhook, Channel, LinkBase, Mailbox, Nowhere, Sender, Smtp, SmtpSettings, SmtpTls, Transport, Webhook,
    WebhookSecret, WebhookSettings,
};
use bailiwick_ops::mail::Mailroom;
use bailiwick_store::{Jobs, Store};
use bailiwick_web::state::Outgoing;

use crate::{
    config::{Gateway, GatewaySecret, MailServer, MailTls, Password, PublicUrl, Settings},
    exit::Refusal,
};

/// What a demonstration's letters come from.
const DEMO: &str = "Bailiwick <no-reply@demo.invalid>";

/// How letters leave, and what the pages may know of it.
#[derive(Clone)]
pub(crate) struct Mail {
    transport: Arc<dyn Transport>,
    from: Sender,
    base: LinkBase,
    /// Where messages to phones go, if they go anywhere.
    gateway: Option<Arc<dyn Channel>>,
    /// What the pages may know.
    pub(crate) outgoing: Outgoing,
}

impl Mail {
    /// As the settings say.
    pub(crate) fn of(settings: &Settings) -> Result<Self, Refusal> {
        let base = base(&settings.server.public_url)?;
        let gateway = match &settings.gateway {
            Some(gateway) => Some(Arc::new(webhook(gateway)?) as Arc<dyn Channel>),
            None => None,
        };
        match &settings.mail {
            Some(server) => {
                let transport = Arc::new(smtp(server)?);
                Ok(Self { transport, from: server.from.clone(), base, gateway, outgoing: Outgoing::Smtp })
            }
            // Nothing is ever sent in this name.
            None => {
                let (transport, from) = (Arc::new(Nowhere), demo()?);
                Ok(Self { transport, from, base, gateway, outgoing: Outgoing::Nowhere })
            }
        }
    }

    /// Into a mailbox in memory, which the demonstration shows.
    pub(crate) fn kept(settings: &Settings) -> Result<Self, Refusal> {
        let mailbox = Mailbox::default();
        let base = base(&settings.server.public_url)?;
        let transport = Arc::new(mailbox.clone());
        // Messages to phones arrive there as well.
        let gateway: Option<Arc<dyn Channel>> = Some(Arc::new(mailbox.clone()));
        Ok(Self { transport, from: demo()?, base, gateway, outgoing: Outgoing::Kept(mailbox) })
    }

    /// Whoever hands the letters on.
    pub(crate) fn room(&self, store: &Store, jobs: &Arc<Jobs>) -> Mailroom {
        let room = Mailroom::new(
            store.clone(),
            Arc::clone(jobs),
            Arc::clone(&self.transport),
            self.from.clone(),
            self.base.clone(),
        );
        match &self.gateway {
            Some(gateway) => room.and(Arc::clone(gateway)),
            None => room,
        }
    }
}

/// The mail server of the settings; nothing is connected yet.
pub(crate) fn smtp(server: &MailServer) -> Result<Smtp, Refusal> {
    let authorities = server.tls_root.as_deref().map(|path| read(path, "mail.tls_root")).transpose()?;
    let sign_in = match &server.sign_in {
        None => None,
        Some((user, Password::Given(password))) => Some((user.clone(), password.0.clone().into())),
        Some((user, Password::File(path))) => {
            let text = String::from_utf8(read(path, "mail.password_file")?);
            let text = text.map_err(|_| {
                Refusal::new(format_args!("{} is not text", path.display()), "correct `mail.password_file`")
            })?;
            Some((user.clone(), text.trim_end_matches(['\r', '\n']).to_owned().into()))
        }
    };
    let tls = match server.tls {
        MailTls::None => SmtpTls::None,
        MailTls::StartTls => SmtpTls::StartTls,
        MailTls::Implicit => SmtpTls::Implicit,
    };
    let settings = SmtpSettings {
        host: server.host.clone(),
        port: server.port,
        tls,
        authorities,
        sign_in,
        timeout: server.timeout,
    };
    Smtp::new(settings).map_err(|error| Refusal::new(error, "correct the section `[mail]`"))
}

/// The message gateway of the settings; nothing is connected yet.
pub(crate) fn webhook(gateway: &Gateway) -> Result<Webhook, Refusal> {
    let authorities =
        gateway.tls_root.as_deref().map(|path| read(path, "step_up.webhook_tls_root")).transpose()?;
    let secret: Result<WebhookSecret, BadWebhook> = match &gateway.secret {
        GatewaySecret::Given(secret) => secret.expose().parse(),
        GatewaySecret::File(path) => {
            let text = read(path, "step_up.webhook_secret_file")?;
            String::from_utf8_lossy(&text).trim_end_matches(['\r', '\n']).parse()
        }
    };
    let refused = |error: BadWebhook| Refusal::new(error, "correct the section `[step_up]`");
    let settings = WebhookSettings {
        url: gateway.url.clone(),
        secret: secret.map_err(refused)?,
        authorities,
        timeout: gateway.timeout,
    };
    Webhook::new(settings).map_err(refused)
}

fn read(path: &Path, key: &str) -> Result<Vec<u8>, Refusal> {
    let remedy = || format!("see that `{key}` names a file that this account may read");
    crate::read::octets(path)
        .map_err(|error| Refusal::new(format_args!("{}: {error}", path.display()), remedy()))
}

fn base(url: &PublicUrl) -> Result<LinkBase, Refusal> {
    LinkBase::parse(url.as_origin()).map_err(|error| Refusal::new(error, "correct `server.public_url`"))
}

fn demo() -> Result<Sender, Refusal> {
    DEMO.parse().map_err(|error| Refusal::new(error, "this is a defect of the program; report it"))
}
