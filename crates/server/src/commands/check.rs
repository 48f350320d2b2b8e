//! `bailiwick check`

use std::sync::Arc;

use bailiwick_domain::entity::MailChannel;
use serde::Serialize;

use crate::{
    cli,
    clock::SystemClock,
    config::{Config, Server, Settings},
    exit::{Failure, Refusal},
    http::tls::{Certificate, Files},
    installation::{self, Ground, database, signing},
    ui,
};

/// The outcome of one check.
#[derive(Debug, Serialize)]
struct Line {
    check: &'static str,
    state: State,
    #[serde(skip_serializing_if = "Option::is_none")]
    what: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    remedy: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum State {
    Ok,
    Failed,
    /// What it needs failed before.
    Skipped,
}

/// Tries out everything that `serve` needs and reports it line by line. Changes nothing.
pub(crate) fn run(args: &cli::Check) -> Result<(), Failure> {
    let sources = args.configured.sources(Vec::new());
    let no_file = sources.as_ref().is_ok_and(|sources| !sources.has_file());
    let loaded = sources.map_err(Failure::from).and_then(|sources| Ok(Config::load(&sources)?));
    let remedy = match &loaded {
        _ if no_file => {
            "name the configuration with `--config FILE`, or begin an installation with `bailiwick init`; docs/CONFIGURATION.md lists every key"
        }
        // What cannot be read cannot be shown either.
        Err(_) => "correct what is named; docs/CONFIGURATION.md lists every key",
        Ok(_) => "`bailiwick config show` prints what is in force; docs/CONFIGURATION.md lists every key",
    };
    let settings = loaded.and_then(|config| Ok(config.settings()?));
    let mut report = Report::default();
    // What is wrong before anything was checked ends the program as it would end any other command.
    let wrong = settings.is_err();
    match settings {
        Ok(settings) => {
            report.remark("configuration", remark(&settings));
            super::runtime()?.block_on(installation(&settings, &mut report));
        }
        Err(failure) => {
            report.note("configuration", Err(Refusal::new(failure, remedy)));
            for check in [
                "certificate",
                "mail",
                "messages",
                "passwords",
                "root key",
                "signing key",
                "database",
                "schema",
                "regions",
                "checkpoints",
            ] {
                report.skip(check);
            }
        }
    }
    report.print(args.json);
    match report.0.iter().filter(|line| line.state == State::Failed).count() {
        0 => {
            if !args.json {
                ui::say(report.verdict());
            }
            Ok(())
        }
        // As for every other command.
        failed if wrong => Err(Failure::Asked(Refusal::new(
            format_args!("{failed} of {} checks failed", report.0.len()),
            "correct the configuration as the report above says",
        ))),
        failed => Err(Failure::failed(format_args!("{failed} of {} checks failed", report.0.len()))),
    }
}

/// What is right as it stands, and perhaps not what was meant.
fn remark(settings: &Settings) -> Option<String> {
    let Server { public_url, .. } = &settings.server;
    public_url.is_local().then(|| {
        format!(
            "`server.public_url` is {}: people reach the server from this machine only, and links in letters lead nobody else to it. \
             Its audit log is called {:?} (`audit.origin`), which can never change",
            public_url.as_origin(),
            settings.audit.origin.as_str()
        )
    })
}

async fn installation(settings: &Settings, report: &mut Report) {
    match &settings.server.tls {
        Some((certificate, key)) => {
            let opened = Certificate::open(Files { certificate: certificate.clone(), key: key.clone() });
            let refused =
                |error| Refusal::new(error, "correct `server.tls_certificate` and `server.tls_key`");
            report.note("certificate", opened.map(drop).map_err(refused));
        }
        None => report.skip("certificate"),
    }
    match &settings.mail {
        Some(server) => {
            let checked = match installation::mail::smtp(server) {
                Ok(smtp) => smtp.check().await.map_err(|fault| {
                    Refusal::new(fault.sentence(), "correct the section `[mail]`, or see to the mail server")
                }),
                Err(refusal) => Err(refusal),
            };
            report.note("mail", checked);
        }
        None => report.skip("mail"),
    }
    match &settings.gateway {
        Some(gateway) => {
            let checked = match installation::mail::webhook(gateway) {
                Ok(webhook) => webhook.check().await.map_err(|fault| {
                    let remedy = "correct the section `[step_up]`, or see to the message gateway";
                    Refusal::new(fault.sentence_of(MailChannel::Webhook), remedy)
                }),
                Err(refusal) => Err(refusal),
            };
            report.note("messages", checked);
        }
        None => report.skip("messages"),
    }
    match &settings.password.compromised {
        Some(path) => report.note("passwords", installation::passwords::list(path).map(drop)),
        None => report.skip("passwords"),
    }
    let ground = match installation::region(settings) {
        Ok(region) => Ground::open(region, Arc::new(SystemClock)).await,
        Err(refusal) => Err(refusal),
    };
    let Some(ground) = report.keep("root key", ground) else {
        return ["signing key", "database", "schema", "regions", "wrapped keys", "checkpoints"]
            .into_iter()
            .for_each(|check| report.skip(check));
    };
    let key = report.keep("signing key", signing::open(settings, &ground.roots()).await);
    let opened = installation::regions(settings, &ground).await;
    let opened = opened.and_then(|(regions, _)| Ok((installation::local(&regions)?, regions)));
    let Some((store, regions)) = report.keep("database", opened) else {
        return ["schema", "regions", "wrapped keys", "checkpoints"]
            .into_iter()
            .for_each(|check| report.skip(check));
    };
    let schema = report.keep("schema", database::check_schema(&store).await);
    match schema {
        Some(()) => {
            report.note("regions", installation::check_regions(&regions).await);
            report.note("wrapped keys", installation::keys::check_roots(&store).await);
        }
        None => ["regions", "wrapped keys"].into_iter().for_each(|check| report.skip(check)),
    }
    match (schema, key) {
        (Some(()), Some(key)) => {
            let checked = match installation::signer(settings, &store, key) {
                Ok(signer) => signer.check().await.map_err(|error| installation::checkpoints(&error)),
                Err(refusal) => Err(refusal),
            };
            report.note("checkpoints", checked);
        }
        _ => report.skip("checkpoints"),
    }
    regions.close().await;
}

#[derive(Default)]
struct Report(Vec<Line>);

impl Report {
    fn note(&mut self, check: &'static str, outcome: Result<(), Refusal>) {
        self.0.push(match outcome {
            Ok(()) => Line { check, state: State::Ok, what: None, remedy: None },
            Err(Refusal { what, remedy }) => {
                Line { check, state: State::Failed, what: Some(what), remedy: Some(remedy) }
            }
        });
    }

    /// Notes a check that passed, with what should be known all the same.
    fn remark(&mut self, check: &'static str, what: Option<String>) {
        self.0.push(Line { check, state: State::Ok, what, remedy: None });
    }

    /// What a check without failures comes to.
    fn verdict(&self) -> String {
        let passed = self.0.iter().filter(|line| line.state == State::Ok).count();
        match self.0.len() - passed {
            0 => format!("All is well: {passed} checks passed."),
            skipped => format!("All is well: {passed} checks passed, {skipped} did not apply."),
        }
    }

    /// Notes the outcome and hands out what was opened.
    fn keep<T>(&mut self, check: &'static str, outcome: Result<T, Refusal>) -> Option<T> {
        match outcome {
            Ok(value) => {
                self.note(check, Ok(()));
                Some(value)
            }
            Err(refusal) => {
                self.note(check, Err(refusal));
                None
            }
        }
    }

    fn skip(&mut self, check: &'static str) {
        self.0.push(Line { check, state: State::Skipped, what: None, remedy: None });
    }

    fn print(&self, json: bool) {
        if json {
            // Serialising these types cannot fail.
            return ui::say(serde_json::to_string_pretty(&self.0).unwrap_or_default());
        }
        for line in &self.0 {
            let state = match line.state {
                State::Ok => "ok",
                State::Failed => "failed",
                State::Skipped => "skipped",
            };
            ui::say(format_args!("{:14} {state}", line.check));
            for (label, text) in [("", &line.what), ("what to do: ", &line.remedy)] {
                if let Some(text) = text {
                    ui::say(format_args!("    {label}{}", text.replace('\n', "\n    ")));
                }
            }
        }
    }
}
