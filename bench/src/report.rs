//! The table and the document.

/// Whether a bar was met.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Met {
    Yes,
    No,
    /// It was not measured in this run.
    Unknown,
}

impl Met {
    pub(crate) const fn of(met: bool) -> Self {
        if met { Self::Yes } else { Self::No }
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Yes => "met",
            Self::No => "**missed**",
            Self::Unknown => "–",
        }
    }
}

/// One bar and its figure.
pub(crate) struct Line {
    pub(crate) what: String,
    pub(crate) bar: String,
    pub(crate) figure: String,
    pub(crate) met: Met,
    /// What would close the gap, shown where there is one.
    pub(crate) close: &'static str,
}

/// The bars of one measure, and what else it found.
pub(crate) struct Section {
    pub(crate) title: String,
    pub(crate) lines: Vec<Line>,
    pub(crate) body: String,
}

/// Everything that was measured.
pub(crate) struct Report {
    pub(crate) machine: Vec<(&'static str, String)>,
    pub(crate) quick: bool,
    pub(crate) sections: Vec<Section>,
}

/// From a clean clone to the page, as `cargo xtask bench` measured it before.
pub(crate) fn first_page(seconds: Option<f64>) -> Section {
    let minutes = seconds.map(|seconds| seconds / 60.0);
    Section {
        title: "From a clean clone to the page".into(),
        lines: vec![Line {
            what:
                "clean clone to page in the browser with the first command, dependencies downloaded, 2 cores"
                    .into(),
            bar: "≤ 12 min".into(),
            figure: minutes.map_or_else(|| "not measured".into(), |minutes| format!("{minutes:.1} min")),
            met: minutes.map_or(Met::Unknown, |minutes| Met::of(minutes <= 12.0)),
            close: "fewer and smaller dependencies in the first build",
        }],
        body: FIRST_PAGE.into(),
    }
}

impl Report {
    /// The table of all bars. Each row leads to the section of its measure, by which `cargo xtask bench --only` finds it again.
    pub(crate) fn table(&self) -> String {
        let mut text = String::from("| what | bar | measured | | on |\n|---|---|---|---|---|\n");
        for section in &self.sections {
            for line in &section.lines {
                text.push_str(&format!(
                    "| {} | {} | {} | {} | [{}](#{}) |\n",
                    line.what,
                    line.bar,
                    line.figure,
                    line.met.word(),
                    self.date(),
                    anchor(&section.title)
                ));
            }
        }
        text
    }

    /// The whole of `docs/PERFORMANCE.md`, or as much of it as was measured.
    pub(crate) fn document(&self) -> String {
        let mut text = String::from(HEAD);
        if self.quick {
            text.push_str("**A trial run with short rounds and small logs: its figures mean nothing.**\n\n");
        }
        text.push_str(&self.table());
        let missed: Vec<_> = self.lines().filter(|line| line.met == Met::No).collect();
        if !missed.is_empty() {
            text.push_str("\nWhat would close the gaps:\n\n");
            for line in missed {
                text.push_str(&format!("- {}: {}.\n", line.what, line.close));
            }
        }
        text.push_str("\n## The machine\n\nOf the last run of everything. Each section says where its own figures come from.\n\n| | |\n|---|---|\n");
        for (name, value) in &self.machine {
            text.push_str(&format!("| {name} | {value} |\n"));
        }
        text.push_str(METHOD);
        for section in &self.sections {
            text.push_str(&format!("\n## {}\n\n{}\n\n{}", section.title, self.place(), section.body));
        }
        text
    }

    /// The day of the run.
    fn date(&self) -> &str {
        self.machine.iter().find(|(name, _)| *name == "date").map_or("–", |(_, date)| date.as_str())
    }

    /// When and on what the run measured, in one line.
    fn place(&self) -> String {
        let rest: Vec<_> = self.machine.iter().filter(|(name, _)| *name != "date").collect();
        let rest: Vec<_> = rest.iter().map(|(name, value)| format!("{name} {value}")).collect();
        format!("Measured {}: {}.", self.date(), rest.join("; "))
    }

    fn lines(&self) -> impl Iterator<Item = &Line> {
        self.sections.iter().flat_map(|section| &section.lines)
    }
}

/// What a link to this heading ends in.
fn anchor(title: &str) -> String {
    title.to_lowercase().replace(' ', "-")
}

const HEAD: &str = "# Performance\n\nWritten by `cargo xtask bench`; do not edit. The bars were set before anything was built. A bar that is missed stays here with its\ntrue figure. `cargo xtask bench --only NAME` measures one thing again and replaces what stands here of it.\n\n";

const FIRST_PAGE: &str = "A clone of what is committed, an empty build folder, crates already downloaded; from the start of `git clone` over `cargo run\n--release -- demo` to the first answer 200 of the sign-in page. `cargo xtask bench --only first-page` measures it alone.\n";

const METHOD: &str = r"
## How it is measured

All programs are release builds without link-time optimisation, the profile that `cargo run --release` uses. Everything
runs on one machine and talks over loopback. PostgreSQL is a fresh cluster with `fsync`, `synchronous_commit` and
`full_page_writes` on, `shared_buffers` 128 MB, `wal_level` minimal and JIT off; SQLite runs in WAL mode with
`synchronous=FULL`. Clients and server share the cores.

**Ratios, not rates.** Contestants take turns, every pass in another order, and each pass gives one ratio; the figure is
the median ratio. Rates beside it belong to this machine on this day.

**The audited change** is `Store::change` as every operation of the product uses it: lock a user, change the status,
difference, personal values committed and sealed (the address of the caller), canonical JSON, hash, entity chain, event,
head. The permit comes from the gate and is made once, because a request's sign-in is no part of a change. No two changes
under way concern the same user.

**Bare SQL** runs against a second database with the same schema, the same content, the same pool and, on PostgreSQL, the
same role under the same row-level security. It reads the user for update, writes the same columns, and then the rows of
the record: event, sealed values, head, and the row that waits for the sequencer (on SQLite the leaf and the tree's size).
The octets have the same length and mean nothing: no types, no JSON, no hashing, no difference. The bar is held against
one plain statement a row, which is how a program would be written without the store. Beside it stand the same rows in
the fewest statements that the database allows, and the changed row alone without any record: what a product that
records nothing would do.

**On SQLite** the store gathers concurrent changes into one commit. Its contestant does the same by hand: one loop, no
concurrency at all, 128 changes in each transaction.

**The sequencer** places events after the commit. Between rounds the log is settled outside the clock; one contestant
runs with the sequencer at work with pauses of 100 ms, as in the running service, and pays for it within its round. On SQLite
placing is part of the commit and always paid for.

**Verification** runs in a process of its own, so that its peak of memory is its own. *Events/s of processor time* divides
by the processor time of that process over all its threads; what PostgreSQL spends in its own processes is in the other
rate. The logs are written by the store's own append, many events in one transaction.

**The security page** is `GET /security` through the complete service in one process: identity, limits, headers, session,
rule, queries, template. Nothing is cached between requests.

**The list of users** is `GET /users` in the same way, with what stands beside it: how many users each of its views holds.

**Signing in** is `POST /sign-in` with the right password through the complete service, as a browser sends the form; what it
is compared with is `PasswordHasher::verify` of the same password, alone, by a hasher of the same cost. They take
turns, and each time the other one begins; the figure is the ratio of the medians. Between them is a pause of 10 ms, in which the
thread that hashed wipes its memory, as it does after each answer. Eight people sign in by turns, so that nobody comes to the 50
sessions of which the oldest ends. What a sign-in adds has a floor: it answers once the new session and its records are on disk,
and that is one commit with one flush.

**Two hundred sign-ins at once** run in a process of its own, so that its peak of memory is its own. Two hundred clients, each
with the account of another person, send the next sign-in as soon as the one before is answered, so that two hundred are on
their way as long as the round lasts. Another person's `GET /account` is asked again and again, one after the other, in rounds
alone and in rounds beside them. Clients, service and hashes share the cores.

**Recording events of the product** is `POST /v1/audit/events` over loopback, by programs with a key of the tenant's and one
connection each, to the complete service in the process of the measurement; the next body leaves once the one before is
answered. Programs, service and database share the cores. The events are of a provider of care: six kinds of things of which
some come often, what each was before and after, who did it, in which request, from which address, which is sealed. The bodies
are written beforehand. A round of batches lasts until the last event is durable and has its place in the tree, on PostgreSQL by
a sequencer at work with pauses of 100 ms, as in the running service.

What it is compared with are **the rows that it left behind**: event, sealed values, key, head, leaf, what search goes along,
counts and tiles are read back after each round, outside the clock, and inserted in the next pass into a database of the same
schema, by one connection, in statements of many rows, with the same indexes, triggers and row-level security. What only waits
between two steps is not inserted, nothing is looked up, and nothing is made: no JSON, no hash, no seal. Bare inserts are measured
with about as many events in a transaction as recording gathers at full load, against which the bar is held, and with one
body in each. The bar of events a second holds where bare inserts are as fast themselves.

**Single events** are compared with the same events handed to the store's group commit by as many callers within the process:
read from JSON values, judged, prepared and stored, without connection, request and key. The sequencer works beside both.

**From commit to place** is the time from the answer to a single event until a reader who looks every 2 ms sees it in the tree, at
the load of the batches. On SQLite events have their places with the commit.

**What a thing was** is one read in the store: the newest image before the moment, the records behind it, each hashed and held
against the one before.

**The archive** is written by the release binary, with the feature `columnar`, over an installation of its own whose log was filled
with a year of events; it is measured once each segment was read back from its folder, checked and noted. It has the same octets
in it whatever the database.

**Recording into a large log** takes turns between the log that was searched and one of a tenth of its events.

**Checking a key** is `POST /v1/keys/verify` over loopback, by programs with a key of the tenant's and one connection each, to the complete
service in the process of the measurement; both keys have a maker. What it is compared with is a handler of the same framework, served in the same way
within the same process, that reads the same question into a structure, writes the same answer from one, and does nothing in between: no layer in front
of it, no key, no limit, no header but what the framework sets. Programs and both services share the cores. *Within the process* is the operation behind
the route, with the permit of one program, without connection, request and JSON. *For the first time* is the same question to a server that has begun
after the keys were stored, so that neither it nor its connections to the database remember any of them; what the system has of the files stays.

**Revoking a key** runs two stores over one database, each with its own connections, memory and listener, as two servers do. A question counts as asked
after the call when its own clock was read after the call had returned.

**Asking for permissions** is `POST /v1/authorize` through the complete service in one process, as a program with a key asks.

**A large upload** goes over loopback to a service in a process of its own over SQLite, in parts as the API takes them, with the files on the
file system of the databases.

**Wrapping keys anew** reads keys from the database, opens each with the old root key, wraps it with the new one and stores it in place of what it was.
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missed_bar_stays_with_its_figure_and_says_what_would_close_it() {
        let line = Line {
            what: "speed".into(),
            bar: "≥ 1".into(),
            figure: "0.5".into(),
            met: Met::No,
            close: "more of it",
        };
        let section =
            Section { title: "How fast it is".into(), lines: vec![line], body: "measured\n".into() };
        let report = Report {
            machine: vec![("date", "2026-11-22".into()), ("cores", "2".into())],
            quick: false,
            sections: vec![section, first_page(None)],
        };
        let text = report.document();
        assert!(
            text.contains("| speed | ≥ 1 | 0.5 | **missed** | [2026-11-22](#how-fast-it-is) |"),
            "{text}"
        );
        assert!(
            text.contains("\n## How fast it is\n\nMeasured 2026-11-22: cores 2.\n\nmeasured\n"),
            "{text}"
        );
        assert!(text.contains("- speed: more of it."), "{text}");
        assert!(text.contains("not measured"), "{text}");
    }
}
