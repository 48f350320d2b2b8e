//! `bailiwick migrate`

use bailiwick_store::migrate::{self, Applied, MigrationError};

use crate::{
    cli,
    config::{Config, Region, Settings},
    exit::{Failure, Refusal},
    installation::{database, region},
    jobs::supervise::describe,
    ui,
};

/// Brings the database to this version's schema.
pub(crate) fn run(args: &cli::Configured) -> Result<(), Failure> {
    let settings = Config::load(&args.sources(Vec::new())?)?.settings()?;
    let applied = super::runtime()?.block_on(migrate(&settings))?;
    match applied.now.saturating_sub(applied.before) {
        0 => ui::say(format_args!("The database was up to date: {}.", migrations(applied.now))),
        fresh => ui::say(format_args!("Applied {fresh} of {}.", migrations(applied.now))),
    }
    Ok(())
}

fn migrations(number: usize) -> String {
    if number == 1 { "1 migration".to_owned() } else { format!("{number} migrations") }
}

/// Migrates the database of the one region.
pub(crate) async fn migrate(settings: &Settings) -> Result<Applied, Refusal> {
    let Region { database, .. } = region(settings)?;
    let url = database.owner_url.as_ref().unwrap_or(&database.url);
    migrate::run(&database::options(database, url)).await.map_err(|error| match &error {
        MigrationError::Store(cause) => database::unreachable(url, cause),
        MigrationError::Foreign { .. } => {
            Refusal::new(describe(&error), "name an empty database, or one of Bailiwick; nothing was changed")
        }
        MigrationError::Newer { .. } | MigrationError::Other { .. } => {
            Refusal::new(describe(&error), "use the version that migrated the database, or another database; nothing was changed")
        }
        MigrationError::Failed(_) => Refusal::new(
            describe(&error),
            "see that `database.owner_url` is the account that owns the tables and may create roles; earlier migrations stay, the failed one left nothing",
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operator_reads_one_migration_and_several_migrations() {
        assert_eq!([0, 1, 2].map(migrations), ["0 migrations", "1 migration", "2 migrations"]);
    }
}
