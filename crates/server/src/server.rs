//! A server that is up: listeners and jobs, until it is told to stop, and the order in which it goes down.

use std::{
    io,
    net::{SocketAddr, TcpListener},
    sync::Arc,
    time::Duration,
};

use axum::Router;
use axum_server::Handle;
use bailiwick_web::bootstrap::App;
use tokio::{
    signal::unix::{SignalKind, signal},
    task::JoinHandle,
};

use crate::{
    exit::Failure,
    http::{
        serve::{Transport, places, serve, serve_metrics},
        tls::{Certificate, follow},
    },
    jobs::supervise::Supervised,
    metrics::http::Counted,
    stop::{self, Signals, Stopper},
};

/// How long the last round of a job may take.
const LAST_ROUND: Duration = Duration::from_secs(10);

/// Everything that a server needs to be up.
pub(crate) struct Server {
    /// Where people and programs come in.
    pub(crate) public: TcpListener,
    /// Where plain HTTP is redirected, beside a certificate, and the service as it is over such connections.
    pub(crate) redirect: Option<(TcpListener, Counted<App>)>,
    /// The certificate, if the server itself speaks TLS.
    pub(crate) certificate: Option<Certificate>,
    /// What answers them: the finished service of the web side, counted. There is no way to put a route beside its own.
    pub(crate) app: Counted<App>,
    /// The metrics, on a listener of their own.
    pub(crate) metrics: Option<(TcpListener, Router)>,
    /// Jobs, in the order in which they end.
    pub(crate) jobs: Vec<Supervised>,
    /// How long open requests may take once the server was told to stop.
    pub(crate) drain: Duration,
}

impl Server {
    /// Serves until SIGINT or SIGTERM, then goes down in order: no new connections, open requests finish, jobs do their
    /// last round. `up` is called once connections are accepted. A second signal ends the waiting for open requests.
    pub(crate) async fn run(self, up: impl FnOnce() -> Result<(), Failure>) -> Result<(), Failure> {
        let mut signals = Signals::take().map_err(Failure::failed)?;
        let hangup = signal(SignalKind::hangup()).map_err(Failure::failed)?;
        let (stopper, stop) = stop::pair();
        let transport = self
            .certificate
            .as_ref()
            .map_or(Transport::Plain, |certificate| Transport::Tls(certificate.config()));
        let renewal = tokio::spawn(follow(self.certificate, hangup, stop));
        // One handle and one number of places for both listeners: they drain together, and share what may be open.
        let (handle, places) = (Handle::new(), places());
        let mut public = Public {
            main: Listening::start(serve(
                self.public,
                transport,
                self.app,
                Arc::clone(&places),
                handle.clone(),
            )),
            redirect: self.redirect.map(|(listener, app)| {
                Listening::start(serve(listener, Transport::Plain, app, places, handle.clone()))
            }),
        };
        let metrics = self.metrics.map(|(listener, app)| {
            let handle = Handle::new();
            (Listening::start(serve_metrics(listener, app, handle.clone())), handle)
        });
        let mut outcome = up();
        if outcome.is_ok() {
            tokio::select! {
                signal = signals.next() => tracing::info!(signal, "stopping: no new connections, open requests finish"),
                ended = public.any_ended() => outcome = Err(Failure::failed(format_args!("the listener ended: {ended}"))),
            }
        }
        drain(&handle, self.drain, &mut signals, &mut public).await;
        for job in self.jobs {
            job.finish(LAST_ROUND).await;
        }
        // The metrics go last, so that the end can be watched.
        if let Some((mut listening, handle)) = metrics {
            handle.shutdown();
            listening.ended().await;
        }
        end(renewal, &stopper).await;
        outcome
    }
}

/// Waits until open requests have finished, the time for it is over, or the operator is out of patience.
async fn drain(handle: &Handle<SocketAddr>, time: Duration, signals: &mut Signals, public: &mut Public) {
    handle.graceful_shutdown(Some(time));
    tokio::select! {
        _ = public.ended() => {}
        signal = signals.next() => {
            tracing::warn!(signal, open = handle.connection_count(), "told to stop again: open requests are cut off");
            handle.shutdown();
            public.ended().await;
        }
    }
}

async fn end(task: JoinHandle<()>, stopper: &Stopper) {
    stopper.stop();
    // It panicked or ended; either way it is over.
    drop(task.await);
}

/// The listeners of people and programs.
struct Public {
    main: Listening,
    redirect: Option<Listening>,
}

impl Public {
    /// Waits until one of them ends and says how that came.
    async fn any_ended(&mut self) -> String {
        let Self { main, redirect } = self;
        let redirect = async {
            match redirect {
                Some(listening) => listening.ended().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            ended = main.ended() => ended,
            ended = redirect => ended,
        }
    }

    /// Waits until all of them have ended.
    async fn ended(&mut self) {
        self.main.ended().await;
        if let Some(redirect) = &mut self.redirect {
            redirect.ended().await;
        }
    }
}

/// A listener being served in a task of its own.
struct Listening(Option<JoinHandle<io::Result<()>>>);

impl Listening {
    fn start(serving: impl Future<Output = io::Result<()>> + Send + 'static) -> Self {
        Self(Some(tokio::spawn(serving)))
    }

    /// Waits for the end and says how it came. Returns at once if it has come already.
    async fn ended(&mut self) -> String {
        let Some(task) = &mut self.0 else { return "it has ended".into() };
        let ended = task.await;
        self.0 = None;
        match ended {
            Ok(Ok(())) => "it has ended".into(),
            Ok(Err(error)) => error.to_string(),
            Err(_) => "it panicked".into(),
        }
    }
}
