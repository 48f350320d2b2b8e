//! Sealing and opening, against the bare cipher.

use std::{cell::RefCell, hint::black_box, num::NonZeroUsize, sync::Arc};

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use bailiwick_vault::{
    document::{DocumentKey, Place, frames},
    entropy::{Entropy, SystemEntropy},
    envelope::{self, Context},
    keyring::{Keyring, TenantKeys},
    provider::FileProvider,
};

use crate::{
    Result,
    clock::Stopwatch,
    compare::Comparison,
    load::Round,
    report::{Line, Met, Section},
};

const BAR: f64 = 0.9;
/// What is sealed and opened, in octets.
const SIZE: usize = 1 << 20;
const TENANT: [u8; 16] = [7; 16];

const BARE: &str = "bare AES-256-GCM, into memory of its own";
const IN_PLACE: &str = "bare AES-256-GCM, in the memory where it lies";

/// How often, in each round.
struct Scale {
    passes: usize,
    times: usize,
}

/// One kind of work, which our way, the bare cipher into memory of its own and the bare cipher in place each do.
struct Work<'w> {
    what: &'static str,
    contestants: [&'w dyn Fn() -> Result<()>; 3],
}

/// A part of a document, and a value of the same size.
pub(crate) async fn measure(quick: bool) -> Result<Section> {
    let scale = if quick { Scale { passes: 2, times: 20 } } else { Scale { passes: 15, times: 300 } };
    let entropy: Arc<dyn Entropy> = Arc::new(SystemEntropy);
    let keys = keys(&entropy).await?;
    let mut plain = vec![0; SIZE];
    entropy.fill(&mut plain);
    let (document, _) = DocumentKey::generate(keys.newest(), PLACE, &*entropy)?;
    let mut framed = Vec::new();
    document.seal(0, &plain, true, &*entropy, &mut framed)?;
    let value = envelope::seal(keys.newest(), &CONTEXT, &plain, &*entropy)?;
    let bare = Bare::new(&*entropy)?;
    let sealed = bare.seal(&plain)?;
    let seal_document = || -> Result<()> {
        let mut out = Vec::new();
        document.seal(0, black_box(&plain), true, &*entropy, &mut out)?;
        black_box(out);
        Ok(())
    };
    let open_document = || -> Result<()> {
        black_box(document.open_all(0, frames(SIZE as u64), black_box(&framed))?);
        Ok(())
    };
    let seal_value = || -> Result<()> {
        black_box(envelope::seal(keys.newest(), &CONTEXT, black_box(&plain), &*entropy)?);
        Ok(())
    };
    let open_value = || -> Result<()> {
        black_box(envelope::open(&keys, &CONTEXT, black_box(&value))?);
        Ok(())
    };
    let bare_seal = || -> Result<()> {
        black_box(bare.seal(black_box(&plain))?);
        Ok(())
    };
    let bare_open = || -> Result<()> {
        let mut sealed = black_box(&sealed).clone();
        bare.open(&mut sealed)?;
        black_box(sealed);
        Ok(())
    };
    let place = RefCell::new(plain.clone());
    let seal_in_place = || -> Result<()> { bare.seal_in_place(&mut place.borrow_mut()) };
    // Opening and sealing take as long, and what was opened could not be opened again.
    let all = [
        Work { what: "sealing a document", contestants: [&seal_document, &bare_seal, &seal_in_place] },
        Work { what: "opening a document", contestants: [&open_document, &bare_open, &seal_in_place] },
        Work { what: "sealing a value", contestants: [&seal_value, &bare_seal, &seal_in_place] },
        Work { what: "opening a value", contestants: [&open_value, &bare_open, &seal_in_place] },
    ];
    let found: Vec<_> =
        all.iter().map(|work| Ok((work.what, compared(work, &scale)?))).collect::<Result<_>>()?;
    Ok(section(&found, &scale))
}

const PLACE: Place = Place { tenant: TENANT, document: [8; 16], version: [9; 16] };
const CONTEXT: Context<'static> =
    Context { tenant: TENANT, table: "bench", row: &[1], column: "value", version: 1 };

async fn keys(entropy: &Arc<dyn Entropy>) -> Result<Arc<TenantKeys>> {
    let folder = tempfile::tempdir()?;
    let root = FileProvider::create(&folder.path().join("root.key"), Arc::clone(entropy))?;
    let keyring = Keyring::new(Arc::new(root), Arc::clone(entropy), NonZeroUsize::MIN);
    let (_, key) = keyring.make(TENANT, 1).await?;
    keyring.hold(key);
    Ok(keyring.cached(&TENANT).ok_or("the keyring forgot its key")?)
}

/// One after the other in each pass, every pass in another order.
fn compared(work: &Work<'_>, scale: &Scale) -> Result<Comparison> {
    let mut comparison = Comparison::new(&[work.what, BARE, IN_PLACE]);
    for pass in 0..=scale.passes {
        for contestant in comparison.order(pass) {
            let Some(once) = work.contestants.get(contestant) else { continue };
            let watch = Stopwatch::start();
            for _ in 0..scale.times {
                once()?;
            }
            // The first pass warms up.
            if pass > 0 {
                comparison.note(contestant, Round::of(scale.times, watch));
            }
        }
    }
    Ok(comparison)
}

/// The cipher as its library has it, with one key for all.
struct Bare(LessSafeKey);

impl Bare {
    fn new(entropy: &dyn Entropy) -> Result<Self> {
        let mut key = [0; 32];
        entropy.fill(&mut key);
        Ok(Self(LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &key).map_err(refused)?)))
    }

    fn seal(&self, plain: &[u8]) -> Result<Vec<u8>> {
        let mut memory = Vec::with_capacity(plain.len() + AES_256_GCM.tag_len());
        memory.extend_from_slice(plain);
        self.0.seal_in_place_append_tag(nonce(), Aad::empty(), &mut memory).map_err(refused)?;
        Ok(memory)
    }

    fn open(&self, memory: &mut [u8]) -> Result<()> {
        self.0.open_in_place(nonce(), Aad::empty(), memory).map_err(refused)?;
        Ok(())
    }

    fn seal_in_place(&self, memory: &mut [u8]) -> Result<()> {
        let _tag = self.0.seal_in_place_separate_tag(nonce(), Aad::empty(), memory).map_err(refused)?;
        Ok(())
    }
}

/// The same each time: nothing that is kept is sealed with it.
fn nonce() -> Nonce {
    Nonce::assume_unique_for_key([3; 12])
}

fn refused(_: aws_lc_rs::error::Unspecified) -> &'static str {
    "the bare cipher refused"
}

fn section(found: &[(&'static str, Comparison)], scale: &Scale) -> Section {
    let least = found.iter().map(|(_, comparison)| comparison.ratio(1)).fold(f64::INFINITY, f64::min);
    let figures: Vec<_> =
        found.iter().map(|(what, comparison)| format!("{what} {:.2}", comparison.ratio(1))).collect();
    let tables: Vec<_> =
        found.iter().map(|(what, comparison)| comparison.table("MiB", &format!("{what},"))).collect();
    Section {
        title: "Sealing and opening".into(),
        lines: vec![Line {
            what: "sealing and opening 1 MiB by bare AES-256-GCM".into(),
            bar: "≥ 0.9".into(),
            figure: figures.join("; "),
            met: Met::of(least >= BAR),
            close: "memory that is used again, so that the system does not hand out new pages each time",
        }],
        body: format!(
            "{}\n{} passes of {} times 1 MiB on one core for each contestant. A document is sealed in frames of 64 KiB with a nonce and a tag each; a value is sealed \
             under a key of its own, which is wrapped beside it. What was opened is overwritten before its memory is given back. The bar is held against the cipher \
             that does the same from memory that stays into memory of its own; the cipher alone, in place, sealing whatever lies there, stands beside it.\n",
            tables.join("\n"),
            scale.passes,
            scale.times
        ),
    }
}
