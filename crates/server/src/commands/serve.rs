//! `bailiwick serve`

use std::{net::TcpListener, sync::Arc};

use bailiwick_domain::clock::Clock;
use bailiwick_ops::{
    api_keys::Retirement,
    audit::{alarms, anomalies::Watch, drills::Drills, stream::Worker},
    documents::Documents,
    exports::Exports,
    grants::Ends,
    integrations::Checks,
    invitations::{Expiries, Reminders},
    keys::{Mover, Upkeep},
    sign_in::LockEnds,
};
use bailiwick_store::{DatabaseKind, key_cache::KeyNode};
use bailiwick_stream::{Network, Sinks};
use bailiwick_web::bootstrap::Transport;

#[cfg(feature = "columnar")]
use bailiwick_ops::audit::{restore::Restores, retention::Retention};

use crate::{
    archive::Place,
    cli,
    clock::SystemClock,
    config::{Config, Settings},
    exit::{Failure, Refusal},
    http::{
        listen::listen,
        tls::{Certificate, Files},
    },
    installation::{self, Installation, application, mail::Mail, passwords, reach},
    jobs::{
        alarms::{ALARM_EVERY, Alarm},
        anomalies::{WATCH_EVERY, Watching},
        answers::{FORGET_EVERY, ForgetAnswers},
        api_keys::{RETIRE_EVERY, RetireKeys},
        audit::{KEEP_EVERY, KeepImages, SCRUB_EVERY, SEQUENCE_EVERY, ScrubWal, Sequence, Sign},
        documents::{CLEAR_EVERY, Clear, SWEEP_EVERY, Sweep},
        drills::{DRILL_EVERY, Drill},
        exports::{EXPORT_EVERY, Export},
        grants::{END_EVERY, End},
        integrations::{CHECK_EVERY, Check},
        key_node::{LISTEN_EVERY, Listen},
        keys::{KEYS_EVERY, KeepKeys},
        locks::{UNLOCK_EVERY, Unlock},
        mail::{DELIVER_EVERY, Deliver, EXPIRE_EVERY, Expire, REMIND_EVERY, Remind},
        root_key::{AskRootKey, ROOT_KEY_EVERY},
        root_move::{MOVE_EVERY, MoveRoot},
        streams::{STREAM_EVERY, Stream},
        supervise::{Supervised, start},
        uses::{FLUSH_EVERY, NoteUses},
        witnesses::{ASK_EVERY, Cosign},
    },
    logging,
    metrics::Metrics,
    server::Server,
};
#[cfg(feature = "columnar")]
use crate::{
    archive::{Archive, BringBack, Retain},
    jobs::{
        archive::{ARCHIVE_EVERY, CopyLog},
        retention::{BRING_EVERY, Bring, RETAIN_EVERY, Take},
    },
};

/// Serves until told to stop.
pub(crate) fn run(args: &cli::Serve) -> Result<(), Failure> {
    let settings = Config::load(&args.configured.sources(args.flags())?)?.settings()?;
    let _lines = logging::begin(settings.log.format, settings.log.level);
    super::runtime()?.block_on(serve(&settings))
}

async fn serve(settings: &Settings) -> Result<(), Failure> {
    // What can be refused without looking at the database comes first.
    let openings = Openings::take(settings)?;
    let mail = Mail::of(settings)?;
    if let Some(path) = &settings.password.compromised {
        passwords::list(path)?;
    }
    let installation = Installation::open(settings, Arc::new(SystemClock)).await?;
    let listen = openings.public.local_addr().map_err(Failure::failed)?;
    let redirect = openings.redirect.as_ref().map(TcpListener::local_addr).transpose();
    let redirect = redirect.map_err(Failure::failed)?;
    let store = installation.store.clone();
    let outcome = up(settings, openings, &installation, &mail, || {
        if let Some(address) = redirect {
            tracing::info!(%address, "plain HTTP is redirected");
        }
        tracing::info!(%listen, public_url = settings.server.public_url.as_origin(), "serving");
        Ok(())
    });
    let outcome = outcome.await;
    store.close().await;
    tracing::info!("stopped");
    outcome
}

/// The sockets and the certificate.
pub(crate) struct Openings {
    /// Where people and programs come in.
    pub(crate) public: TcpListener,
    /// Where plain HTTP is redirected.
    redirect: Option<TcpListener>,
    metrics: Option<TcpListener>,
    certificate: Option<Certificate>,
}

impl Openings {
    /// One socket without TLS, taken already.
    pub(crate) const fn plain(public: TcpListener) -> Self {
        Self { public, redirect: None, metrics: None, certificate: None }
    }

    /// Takes the addresses and reads the certificate.
    pub(crate) fn take(settings: &Settings) -> Result<Self, Refusal> {
        let server = &settings.server;
        let certificate = match &server.tls {
            Some((certificate, key)) => {
                Some(open(Files { certificate: certificate.clone(), key: key.clone() })?)
            }
            None => None,
        };
        Ok(Self {
            public: listen(server.listen, "server.listen")?,
            redirect: server
                .redirect_listen
                .map(|address| listen(address, "server.redirect_listen"))
                .transpose()?,
            metrics: server
                .metrics_listen
                .map(|address| listen(address, "server.metrics_listen"))
                .transpose()?,
            certificate,
        })
    }
}

fn open(files: Files) -> Result<Certificate, Refusal> {
    let remedy =
        "correct `server.tls_certificate` and `server.tls_key`, or take both out and let a proxy speak TLS";
    Certificate::open(files).map_err(|error| Refusal::new(format_args!("TLS: {error}"), remedy))
}

/// Serves the installation until told to stop; `ready` is called once connections are accepted.
pub(crate) async fn up(
    settings: &Settings,
    openings: Openings,
    installation: &Installation,
    mail: &Mail,
    ready: impl FnOnce() -> Result<(), Failure>,
) -> Result<(), Failure> {
    let metrics = Metrics::new();
    let region = installation::region(settings)?;
    let app = application(settings, region, installation, &mail.outgoing, &metrics)?;
    let archive = installation::archive(settings, &installation.clock)?;
    let server = Server {
        public: openings.public,
        // The service has HTTPS enforced, or the configuration would not have this listener.
        redirect: openings.redirect.map(|listener| (listener, app.clone().over(Transport::Plain))),
        certificate: openings.certificate,
        app,
        jobs: jobs(installation, mail, sinks(settings), &metrics, settings, archive)?,
        metrics: openings.metrics.map(|listener| (listener, metrics.into_app(installation.store.clone()))),
        drain: settings.server.shutdown,
    };
    server.run(ready).await
}

/// The one way in which the audit log leaves this server.
fn sinks(settings: &Settings) -> Arc<dyn Sinks> {
    Arc::new(Network::new(reach(settings), settings.stream.timeout, settings.audit.origin.as_str()))
}

/// What was used is written down first, the mail room ends next, then the sequencer, so that the signer's last round signs what they left.
fn jobs(
    installation: &Installation,
    mail: &Mail,
    sinks: Arc<dyn Sinks>,
    metrics: &Metrics,
    settings: &Settings,
    archive: Option<Arc<Place>>,
) -> Result<Vec<Supervised>, Refusal> {
    let audit = &settings.audit;
    let clock: Arc<dyn Clock> = Arc::clone(&installation.clock);
    let (store, signer) = (installation.store.clone(), installation.signer.clone());
    let (room, reminders, expiries) = (
        mail.room(&store, &installation.jobs),
        Reminders::new(store.clone(), Arc::clone(&installation.jobs)),
        Expiries::new(store.clone(), Arc::clone(&installation.jobs)),
    );
    let ends = Ends::new(store.clone(), Arc::clone(&installation.jobs));
    let locks = LockEnds::new(store.clone(), Arc::clone(&installation.jobs));
    let (noting, listening, forgetting) = (store.clone(), store.clone(), store.clone());
    let retirement = Retirement::new(store.clone(), Arc::clone(&installation.jobs));
    let drills =
        Drills::new(store.clone(), Arc::clone(&installation.jobs), signer.notary(), audit.drill_every);
    let countries = installation::countries(audit.countries.as_deref())?;
    let watch = Watch::new(store.clone(), Arc::clone(&installation.jobs), audit.thresholds, countries);
    let sign_every = audit.sign_every;
    let mut witnesses = Vec::new();
    for witness in installation::witnesses::reached(&audit.witnesses)? {
        let (store, signer, jobs) = (store.clone(), signer.clone(), Arc::clone(&installation.jobs));
        let make =
            move || Cosign::new(Arc::clone(&witness), store.clone(), signer.clone(), Arc::clone(&jobs));
        witnesses.push(start(make, ASK_EVERY, metrics.jobs.clone(), Arc::clone(&clock)));
    }
    let (signing, alarms) = (store.clone(), Arc::clone(&installation.jobs));
    let sign = move || Sign::new(signer.clone(), signing.clone(), Arc::clone(&alarms));
    let (keeping, scrubbed) = (store.clone(), store.clone());
    let (streamed, streaming) = (store.clone(), Arc::clone(&installation.jobs));
    let stream = move || Stream(Worker::new(streamed.clone(), Arc::clone(&streaming), Arc::clone(&sinks)));
    let exports = Exports::new(store.clone(), Arc::clone(&installation.jobs), installation::spool(settings));
    let cabinet = installation::cabinet(settings, &clock)?;
    let documents = Documents::new(store.clone(), Arc::clone(&installation.jobs), cabinet);
    let swept = documents.clone();
    let alarm = alarms::Watch::new(store.clone(), Arc::clone(&installation.jobs), archive.is_some());
    let checks = Checks::new(store.clone(), Arc::clone(&installation.jobs), installation::outside(settings));
    let keys = Upkeep::new(store.clone(), Arc::clone(&installation.jobs), settings.rotates());
    let mut jobs = archiving(installation, metrics, archive);
    let roots = installation.roots();
    if roots.iter().any(|root| root.kind().is_managed()) {
        let roots = roots.clone();
        let ask = move || AskRootKey(roots.clone());
        jobs.push(start(ask, ROOT_KEY_EVERY, metrics.jobs.clone(), Arc::clone(&clock)));
    }
    if installation.next.is_some() {
        let mover = match store.kind() {
            DatabaseKind::Sqlite => Mover::alone(store.clone(), Arc::clone(&installation.jobs)),
            DatabaseKind::Postgres => Mover::new(store.clone(), Arc::clone(&installation.jobs)),
        };
        let file = installation::signing::path(settings);
        let go_on = move || MoveRoot::new(mover.clone(), file.clone(), roots.clone());
        jobs.push(start(go_on, MOVE_EVERY, metrics.jobs.clone(), Arc::clone(&clock)));
    }
    jobs.extend([
        start(stream, STREAM_EVERY, metrics.jobs.clone(), Arc::clone(&clock)),
        start(move || Alarm(alarm.clone()), ALARM_EVERY, metrics.jobs.clone(), Arc::clone(&clock)),
        start(move || Drill(drills.clone()), DRILL_EVERY, metrics.jobs.clone(), Arc::clone(&clock)),
        start(move || Watching(watch.clone()), WATCH_EVERY, metrics.jobs.clone(), Arc::clone(&clock)),
        start(move || KeepImages(keeping.clone()), KEEP_EVERY, metrics.jobs.clone(), Arc::clone(&clock)),
        start(move || ScrubWal(scrubbed.clone()), SCRUB_EVERY, metrics.jobs.clone(), Arc::clone(&clock)),
        start(move || Expire(expiries.clone()), EXPIRE_EVERY, metrics.jobs.clone(), Arc::clone(&clock)),
        start(
            move || ForgetAnswers(forgetting.clone()),
            FORGET_EVERY,
            metrics.jobs.clone(),
            Arc::clone(&clock),
        ),
        start(move || NoteUses(noting.clone()), FLUSH_EVERY, metrics.jobs.clone(), Arc::clone(&clock)),
        start(
            move || Listen(KeyNode::new(listening.clone())),
            LISTEN_EVERY,
            metrics.jobs.clone(),
            Arc::clone(&clock),
        ),
        start(move || RetireKeys(retirement.clone()), RETIRE_EVERY, metrics.jobs.clone(), Arc::clone(&clock)),
        start(move || KeepKeys(keys.clone()), KEYS_EVERY, metrics.jobs.clone(), Arc::clone(&clock)),
        start(move || Check(checks.clone()), CHECK_EVERY, metrics.jobs.clone(), Arc::clone(&clock)),
        start(move || End(ends.clone()), END_EVERY, metrics.jobs.clone(), Arc::clone(&clock)),
        start(move || Unlock(locks.clone()), UNLOCK_EVERY, metrics.jobs.clone(), Arc::clone(&clock)),
        start(move || Export(exports.clone()), EXPORT_EVERY, metrics.jobs.clone(), Arc::clone(&clock)),
        start(move || Clear(documents.clone()), CLEAR_EVERY, metrics.jobs.clone(), Arc::clone(&clock)),
        start(move || Sweep(swept.clone()), SWEEP_EVERY, metrics.jobs.clone(), Arc::clone(&clock)),
        start(move || Remind(reminders.clone()), REMIND_EVERY, metrics.jobs.clone(), Arc::clone(&clock)),
        start(move || Deliver(room.clone()), DELIVER_EVERY, metrics.jobs.clone(), Arc::clone(&clock)),
        start(move || Sequence::new(store.clone()), SEQUENCE_EVERY, metrics.jobs.clone(), Arc::clone(&clock)),
        start(sign, sign_every, metrics.jobs.clone(), clock),
    ]);
    // After the signer's last round, what it signed last is shown to the witnesses.
    jobs.extend(witnesses);
    Ok(jobs)
}

/// The job of the archive, where there is one.
#[cfg(feature = "columnar")]
fn archiving(installation: &Installation, metrics: &Metrics, place: Option<Arc<Place>>) -> Vec<Supervised> {
    let Some(place) = place else { return Vec::new() };
    let (store, jobs) = (installation.store.clone(), Arc::clone(&installation.jobs));
    let archive = Archive::new(store.clone(), Arc::clone(&jobs), installation.signer.clone(), place);
    let retain = Retain::new(archive.clone(), Retention::new(store.clone(), Arc::clone(&jobs)));
    let bring = BringBack::new(archive.clone(), Restores::new(store, jobs));
    let clock: Arc<dyn Clock> = Arc::clone(&installation.clock);
    vec![
        start(move || CopyLog(archive.clone()), ARCHIVE_EVERY, metrics.jobs.clone(), Arc::clone(&clock)),
        start(move || Take(retain.clone()), RETAIN_EVERY, metrics.jobs.clone(), Arc::clone(&clock)),
        start(move || Bring(bring.clone()), BRING_EVERY, metrics.jobs.clone(), clock),
    ]
}

/// Without columns there is no archive.
#[cfg(not(feature = "columnar"))]
fn archiving(_: &Installation, _: &Metrics, _: Option<Arc<Place>>) -> Vec<Supervised> {
    Vec::new()
}
