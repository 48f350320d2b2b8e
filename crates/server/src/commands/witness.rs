//! `bailiwick witness`

use std::{net::TcpListener, path::Path, sync::Arc};

use axum_server::Handle;
use bailiwick_domain::clock::Entropy;
use bailiwick_vault::entropy::SystemEntropy;

use crate::{
    cli::{self, Witness},
    clock::SystemClock,
    config::{LogFormat, LogLevel},
    exit::Failure,
    http::{listen::listen, serve::serve_witness},
    logging,
    stop::Signals,
    ui,
    witness::{self, folder::Folder},
};

/// Does what is asked of a witness.
pub(crate) fn run(which: Witness) -> Result<(), Failure> {
    super::runtime()?.block_on(async {
        match which {
            Witness::Init(args) => init(&args).await,
            Witness::Key { dir } => key(&dir).await,
            Witness::Serve(args) => serve(&args).await,
        }
    })
}

async fn init(args: &cli::WitnessInit) -> Result<(), Failure> {
    let folder = Folder::create(&args.dir, &args.name, &args.log, entropy()).await?;
    ui::say(format_args!("A witness was made in {}.", args.dir.display()));
    ui::say("Its key, for whoever asks it (`[[audit.witness]]`) and whoever verifies:");
    ui::say(format_args!("  {}", folder.verifier()?));
    if args.log.is_empty() {
        ui::say(format_args!(
            "It trusts no log yet: write lines of `<origin> <verifier key>` into {}.",
            args.dir.join("logs").display()
        ));
    }
    Ok(())
}

async fn key(dir: &Path) -> Result<(), Failure> {
    ui::say(Folder::open(dir, entropy()).await?.verifier()?);
    Ok(())
}

async fn serve(args: &cli::WitnessServe) -> Result<(), Failure> {
    let _lines = logging::begin(LogFormat::Text, LogLevel::Info);
    let folder = Folder::open(&args.dir, entropy()).await?;
    // Held to the end: nobody else runs this witness.
    let _lock = folder.lock()?;
    let (trusted, state, verifier) = (folder.trusted()?, folder.state()?, folder.verifier()?);
    let listener: TcpListener = listen(args.listen, "--listen")?;
    let address = listener.local_addr().map_err(Failure::failed)?;
    let mut signals = Signals::take().map_err(Failure::failed)?;
    let logs = trusted.len();
    let router = witness::router(folder, verifier, trusted, state, Arc::new(SystemClock));
    let handle = Handle::new();
    let serving = tokio::spawn(serve_witness(listener, router, handle.clone()));
    tracing::info!(%address, logs, "the witness answers");
    tokio::pin!(serving);
    tokio::select! {
        ended = &mut serving => Err(Failure::failed(format_args!("the listener ended: {ended:?}"))),
        signal = signals.next() => {
            tracing::info!(signal, "stopping");
            handle.graceful_shutdown(Some(std::time::Duration::from_secs(5)));
            drop(serving.await);
            Ok(())
        }
    }
}

fn entropy() -> Arc<dyn Entropy> {
    Arc::new(SystemEntropy)
}
