//! The bars above the list: when what was found was recorded. Each is a way to its own time.

use bailiwick_domain::zone::Zone;
use bailiwick_store::audit::{Bar, Timeline};

use super::filter::Asked;
use crate::{
    pages::parts::{counted, grouped},
    when::When,
};

/// Units of the drawing: its height, a bar with its gap, and a bar.
const HEIGHT: i64 = 48;
const STEP: i64 = 10;
const WIDTH: i64 = 8;

/// The drawing.
pub(super) struct Chart {
    pub(super) width: i64,
    pub(super) height: i64,
    pub(super) step: i64,
    pub(super) bar: i64,
    pub(super) bars: Vec<Drawn>,
    pub(super) begins: When,
    pub(super) ends: When,
    /// What is not in it, if anything.
    pub(super) note: &'static str,
    /// The same search at any time, to which script adds the time that was brushed over.
    pub(super) brush: String,
}

/// One bar.
pub(super) struct Drawn {
    pub(super) x: i64,
    /// Where the part of those that ended well begins, and how high it is.
    pub(super) ok: (i64, i64),
    /// The same of the others, which stand on it.
    pub(super) not_ok: (i64, i64),
    pub(super) label: String,
    /// The search within its time; nothing for a bar without records.
    pub(super) href: Option<String>,
    pub(super) from: String,
    pub(super) to: String,
}

/// Draws a timeline; nothing where there is no more than one bar of it.
pub(super) fn chart(timeline: &Timeline, asked: &Asked, zone: &Zone) -> Option<Chart> {
    let (first, last) = (timeline.bars.first()?, timeline.bars.last()?);
    let most = timeline.bars.iter().map(|bar| bar.ok + bar.not_ok).max().filter(|most| *most > 0)?;
    if timeline.bars.len() < 2 {
        return None;
    }
    let bars: Vec<_> =
        (0..).zip(&timeline.bars).map(|(place, bar)| drawn(place, bar, most, asked, zone)).collect();
    Some(Chart {
        width: i64::try_from(bars.len()).unwrap_or(1) * STEP,
        height: HEIGHT,
        step: STEP,
        bar: WIDTH,
        bars,
        begins: When::moment(first.from),
        ends: When::moment(last.to),
        note: if timeline.whole { "" } else { "Only the newest 10,000 are drawn" },
        brush: asked.at_any_time(),
    })
}

fn drawn(place: i64, bar: &Bar, most: i64, asked: &Asked, zone: &Zone) -> Drawn {
    // Whatever there is can be seen.
    let high = |events: i64| if events == 0 { 0 } else { (events * (HEIGHT - 2) / most).max(1) };
    let (ok, not_ok) = (high(bar.ok), high(bar.not_ok));
    let events = bar.ok + bar.not_ok;
    let at = When::moment(bar.from).text(zone);
    let label = match bar.not_ok {
        0 => format!("{} from {at}", counted(events, "record")),
        not_ok => format!("{}, {} of them not done, from {at}", counted(events, "record"), grouped(not_ok)),
    };
    Drawn {
        x: place * STEP,
        ok: (HEIGHT - ok, ok),
        not_ok: (HEIGHT - ok - not_ok, not_ok),
        label,
        href: (events > 0).then(|| asked.within(bar.from, bar.to)),
        from: When::moment(bar.from).iso(),
        to: When::moment(bar.to).iso(),
    }
}

#[cfg(test)]
mod tests {
    use bailiwick_domain::time::{Span, Timestamp};

    use super::*;

    #[test]
    fn every_bar_fits_and_whatever_there_is_can_be_seen() {
        let begin = Timestamp::parse("2026-11-21T00:00:00Z").unwrap();
        let bar = |hour: i64, ok, not_ok| Bar {
            from: begin + Span::hours(hour),
            to: begin + Span::hours(hour + 1),
            ok,
            not_ok,
        };
        let timeline = Timeline { bars: vec![bar(0, 9_999, 1), bar(1, 0, 0), bar(2, 1, 0)], whole: false };
        let asked: Asked = serde_html_form::from_str("q=outcome%3Aok").unwrap();
        let chart = chart(&timeline, &asked, &Zone::UTC).unwrap();
        assert_eq!((chart.width, chart.brush.as_str()), (30, "/audit?q=outcome%3Aok"));
        for drawn in &chart.bars {
            assert!(drawn.not_ok.0 >= 0 && drawn.not_ok.0 + drawn.not_ok.1 == drawn.ok.0);
        }
        assert!(chart.bars[0].not_ok.1 == 1 && chart.bars[2].ok.1 == 1);
        assert_eq!(
            chart.bars[0].label,
            "10,000 records, 1 of them not done, from 21 November 2026, 12:00 am UTC"
        );
        assert!(chart.bars[0].href.is_some() && chart.bars[1].href.is_none());
        assert!(!chart.note.is_empty());
        let one = Timeline { bars: vec![bar(0, 1, 0)], whole: true };
        assert!(super::chart(&one, &asked, &Zone::UTC).is_none());
    }
}
