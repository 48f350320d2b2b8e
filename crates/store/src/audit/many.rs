//! Statements over many rows on SQLite, whose driver takes about as long for a statement as for twenty rows.
//!
//! The texts are fixed, as all texts are, so a batch is cut into pieces of 64, 8 and 1 rows. SQLite keeps them prepared.

use sqlx::{
    Sqlite, SqliteConnection,
    query::{Query, QueryAs},
    sqlite::SqliteArguments,
};

use crate::Result;

/// A statement in three lengths.
pub(crate) struct Many {
    pub(crate) one: &'static str,
    pub(crate) eight: &'static str,
    pub(crate) sixty_four: &'static str,
}

/// The statement for one row, what each further row adds, and what comes after the last one.
macro_rules! many {
    ($first:literal, $more:literal, $end:literal) => {
        $crate::audit::many::Many {
            one: concat!($first, $end),
            eight: concat!($first, $crate::audit::many::seven!($more), $end),
            sixty_four: concat!($first, $crate::audit::many::seven!($more $more $more $more $more $more $more $more $more), $end),
        }
    };
}
pub(crate) use many;

macro_rules! seven {
    ($($text:literal)+) => { concat!($($text, $text, $text, $text, $text, $text, $text),+) };
}
pub(crate) use seven;

/// An INSERT whose values are being bound.
pub(crate) type Inserting = Query<'static, Sqlite, SqliteArguments>;

impl Many {
    /// Cuts `rows` into pieces that there is a text for, the largest first.
    pub(crate) fn cut<'r, T>(&self, mut rows: &'r [T]) -> impl Iterator<Item = (&'static str, &'r [T])> {
        let texts = [(64, self.sixty_four), (8, self.eight), (1, self.one)];
        std::iter::from_fn(move || {
            let (piece, rest, text) = texts.iter().find_map(|(length, text)| {
                let (piece, rest) = rows.split_at_checked(*length)?;
                Some((piece, rest, *text))
            })?;
            rows = rest;
            Some((text, piece))
        })
    }

    /// Inserts all of `rows`.
    pub(crate) async fn insert<T>(
        &self,
        c: &mut SqliteConnection,
        rows: &[T],
        bind: impl Fn(Inserting, &T) -> Inserting,
    ) -> Result<()> {
        for (text, piece) in self.cut(rows) {
            piece.iter().fold(sqlx::query(text), &bind).execute(&mut *c).await?;
        }
        Ok(())
    }
}

/// A SELECT whose values are being bound.
pub(crate) type Selecting<O> = QueryAs<'static, Sqlite, O, SqliteArguments>;

#[cfg(test)]
mod tests {
    #[test]
    fn rows_are_cut_into_as_few_pieces_as_there_are_texts_for() {
        let texts = many!("a", "b", "c");
        assert_eq!((texts.one, texts.eight), ("ac", "abbbbbbbc"));
        assert_eq!(texts.sixty_four, format!("a{}c", "b".repeat(63)));
        let rows: Vec<_> = (0..146).collect();
        let pieces: Vec<_> = texts.cut(&rows).map(|(text, piece)| (text.len() - 1, piece.len())).collect();
        assert_eq!(pieces, [(64, 64), (64, 64), (8, 8), (8, 8), (1, 1), (1, 1)]);
        let again: Vec<_> = texts.cut(&rows).flat_map(|(_, piece)| piece).copied().collect();
        assert_eq!(again, rows);
        assert_eq!(texts.cut::<u8>(&[]).count(), 0);
    }
}
