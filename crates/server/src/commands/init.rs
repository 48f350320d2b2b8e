//! `bailiwick init`

use std::{fs::OpenOptions, io::Write, path::Path, sync::Arc};

use bailiwick_domain::entity::TenantKind;
use bailiwick_ops::{
    Error, enrolment,
    tenants::{self, NewOwner, NewTenant},
};
use bailiwick_store::{DatabaseKind, Job, audit::Sequencer};

use crate::{
    cli,
    clock::SystemClock,
    config::{Assignment, Config, FILE_NAME, FileSource, Https, PublicUrl, Settings, Sources, template},
    exit::{Failure, Refusal},
    installation::{self, Installation, Undo},
    jobs::supervise::describe,
    ui,
};

/// What a new installation sets unless told otherwise; paths start from its folder.
const START: [(&str, &str); 4] = [
    ("server.public_url", PUBLIC_URL),
    ("database.url", "sqlite:data/bailiwick.db"),
    ("keys.root_key", "root.key"),
    ("audit.checkpoints", "checkpoints"),
];
const PUBLIC_URL: &str = "http://localhost:8080";

/// Begins an installation in a folder. Touches nothing that is there already.
pub(crate) fn run(args: cli::Init) -> Result<(), Failure> {
    let owner = owner(args.email, args.name)?;
    let flags = args.set.flags()?;
    let mut undo = Undo::default();
    let file = args.dir.join(FILE_NAME);
    undo.make_folder(Some(&args.dir))?;
    undo.fresh(&file)?;
    let (text, given) = configuration(&flags)?;
    write(&file, &text)?;
    let settings =
        Config::load(&Sources::of_process(FileSource::Named(file.clone()), Vec::new()))?.settings()?;
    let link = super::runtime()?.block_on(begin(&settings, owner, &mut undo))?;
    undo.keep();
    report(&file, &settings, &link);
    if !given {
        assumed(&settings);
    }
    Ok(())
}

fn owner(email: Option<String>, name: Option<String>) -> Result<NewOwner, Failure> {
    let asked = |given: Option<String>, question: &str, flag: &str| {
        let answer = given.or_else(|| ui::ask(question));
        let missing = || {
            Refusal::new(
                format_args!("the first platform owner has no {question}"),
                format_args!("give it with {flag}"),
            )
        };
        answer.ok_or_else(|| Failure::Asked(missing()))
    };
    Ok(NewOwner { email: asked(email, "sign-in address", "--email")?, name: asked(name, "name", "--name")? })
}

/// The text of the new file: what `flags` set, and what an installation cannot be without. What the environment gives
/// stays there: it may be a password. Beside it, whether anybody said where people reach the server.
fn configuration(flags: &[Assignment]) -> Result<(String, bool), Failure> {
    let given = Config::load(&Sources::of_process(FileSource::None, flags.to_vec()))?;
    let mut values: Vec<(&str, String)> =
        flags.iter().map(|flag| (flag.key.as_str(), flag.text().to_owned())).collect();
    for (key, value) in START {
        if !given.is_given(key) {
            values.push((key, value.to_owned()));
        }
    }
    if let Some(url) = given.public_url().or_else(|| PublicUrl::parse(PUBLIC_URL)) {
        if !url.is_https() && !given.is_given("server.https") {
            values.push(("server.https", "off".into()));
        }
        if !given.is_given("audit.origin") {
            values.push(("audit.origin", url.log_origin()));
        }
    }
    Ok((template(&values), given.is_given("server.public_url")))
}

fn write(file: &Path, text: &str) -> Result<(), Refusal> {
    let written = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(file)
        .and_then(|mut open| open.write_all(text.as_bytes()).and_then(|()| open.sync_all()));
    written.map_err(|error| {
        Refusal::new(format_args!("{}: {error}", file.display()), "see that this account may write there")
    })
}

/// Makes everything, and the link with which the first owner sets a password.
async fn begin(settings: &Settings, owner: NewOwner, undo: &mut Undo) -> Result<String, Failure> {
    let installation = installation::create(settings, Arc::new(SystemClock), undo).await?;
    let link = first_owner(settings, &installation, owner, undo).await;
    installation.store.close().await;
    link
}

async fn first_owner(
    settings: &Settings,
    installation: &Installation,
    owner: NewOwner,
    undo: &mut Undo,
) -> Result<String, Failure> {
    let store = &installation.store;
    if bailiwick_store::tenants::platform(store).await.map_err(Failure::failed)?.is_some() {
        let remedy = "keep the installation that is there, or use an empty database";
        return Err(Refusal::new("the database belongs to an installation already", remedy).into());
    }
    let job = installation.jobs.permit(Job::Init, store.new_id());
    let platform = NewTenant {
        slug: "platform".into(),
        name: "Platform".into(),
        region: "local".into(),
        key_brand: None,
        owner,
    };
    let (tenant, owner) =
        tenants::create_as(store, &job, TenantKind::Platform, platform).await.map_err(refused)?;
    if store.kind() == DatabaseKind::Postgres {
        // The database stays whatever happens now, and without its root key it could never be read.
        undo.keep();
    }
    let inside = installation.jobs.permit(Job::Init, tenant.id);
    let token = enrolment::begin(store, &inside, owner.id).await.map_err(refused)?;
    // The first checkpoint: from here on a database that is set back to its beginning is noticed.
    Sequencer::new(store.clone()).drain().await.map_err(|error| Failure::failed(describe(&error)))?;
    installation.signer.run().await.map_err(|error| Failure::failed(describe(&error)))?;
    Ok(format!("{}/enrol/{}", settings.server.public_url.as_origin(), *token.expose()))
}

fn refused(error: Error) -> Failure {
    match error {
        Error::Invalid(fields) => {
            let texts: Vec<_> = fields
                .iter()
                .map(|field| format!("{}: {}", field.field.replace("owner_", ""), field.text))
                .collect();
            Failure::Asked(Refusal::new(texts.join("\n"), "correct --email and --name"))
        }
        error => Failure::failed(describe(&error)),
    }
}

fn report(file: &Path, settings: &Settings, link: &str) {
    ui::say(format_args!("A new installation, configured in {}\n", file.display()));
    for region in settings.regions.values() {
        ui::say(format_args!("  root key     {}", region.keys.present.file.display()));
        ui::say(format_args!("  database     {}", region.database.url.masked()));
    }
    ui::say(format_args!("  checkpoints  {}\n", settings.audit.checkpoints.display()));
    ui::say(
        "Copy the root key to a safe place now, apart from every backup of the database:\nwithout it nothing encrypted can be read again.\n",
    );
    ui::say(format_args!("Start the server:\n\n  bailiwick serve --config {}\n", file.display()));
    ui::say(format_args!("and set the first owner's password here, once, within 24 hours:\n\n  {link}"));
}

/// Says what was assumed of an installation whose address nobody gave. It goes to standard error, and last, so that it is
/// seen where the rest is piped away: the name of the log cannot be mended later.
fn assumed(settings: &Settings) {
    ui::complain(format_args!(
        "WARNING: nobody said where people reach the server, so this was assumed:\n\n  \
         server.public_url = \"{}\"   people reach it from this machine only\n  \
         server.https = \"{}\"\n  \
         audit.origin = \"{}\"   the name of its audit log, which can never change\n\n\
         That is right for a trial. For anything else begin again, in another folder, with the address:\n\n  \
         bailiwick init --set server.public_url=https://bailiwick.example.com …",
        settings.server.public_url.as_origin(),
        match settings.server.https {
            Https::Off => "off",
            Https::Enforce => "enforce",
        },
        settings.audit.origin.as_str()
    ));
}
