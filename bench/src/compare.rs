//! Comparing contestants within one run: round after round, each time in another order.

use crate::{
    latency::{Latencies, median},
    load::Round,
};

/// The rounds of several contestants; the first is the one that the others are compared with.
pub(crate) struct Comparison {
    names: Vec<&'static str>,
    rates: Vec<Vec<f64>>,
    costs: Vec<Vec<f64>>,
    latencies: Vec<Latencies>,
}

impl Comparison {
    pub(crate) fn new(names: &[&'static str]) -> Self {
        let count = names.len();
        Self {
            names: names.to_vec(),
            rates: vec![Vec::new(); count],
            costs: vec![Vec::new(); count],
            latencies: vec![Latencies::default(); count],
        }
    }

    /// The order of the contestants in a pass: forwards, then backwards, each time beginning one later.
    pub(crate) fn order(&self, pass: usize) -> Vec<usize> {
        let count = self.names.len();
        let mut order: Vec<_> = (0..count).map(|place| (place + pass / 2) % count).collect();
        if pass % 2 == 1 {
            order.reverse();
        }
        order
    }

    /// Notes a contestant's round.
    pub(crate) fn note(&mut self, contestant: usize, round: Round) {
        if let Some(rates) = self.rates.get_mut(contestant) {
            rates.push(round.rate);
        }
        if let Some(costs) = self.costs.get_mut(contestant) {
            costs.push(round.cost);
        }
        if let Some(latencies) = self.latencies.get_mut(contestant) {
            latencies.merge(round.latencies);
        }
    }

    /// The median, over the passes, of the first contestant's rate by another's in the same pass.
    pub(crate) fn ratio(&self, to: usize) -> f64 {
        let of = |contestant: usize| self.rates.get(contestant).map(Vec::as_slice).unwrap_or_default();
        let ratios: Vec<_> = of(0).iter().zip(of(to)).map(|(first, other)| first / other).collect();
        median(&ratios)
    }

    /// A quantile of how long a contestant's callers waited, in milliseconds.
    #[cfg(feature = "page")]
    pub(crate) fn wait(&self, contestant: usize, share: f64) -> f64 {
        self.latencies.get(contestant).map_or(f64::NAN, |latencies| latencies.quantile(share))
    }

    /// The median of a contestant's rates.
    #[cfg(feature = "page")]
    pub(crate) fn rate(&self, contestant: usize) -> f64 {
        median(self.rates.get(contestant).map(Vec::as_slice).unwrap_or_default())
    }

    /// One row for each contestant: what is counted in `things`, and what the first one is called.
    pub(crate) fn table(&self, things: &str, first: &str) -> String {
        let mut text = format!(
            "| contestant | {things}/s, median | lowest – highest | {first} by this | p50 · p99 ms | own processor time, µs |\n|---|---|---|---|---|---|\n",
        );
        for (contestant, name) in self.names.iter().enumerate() {
            let rates = self.rates.get(contestant).map(Vec::as_slice).unwrap_or_default();
            let (low, high) =
                rates.iter().fold((f64::MAX, 0.0_f64), |(low, high), rate| (low.min(*rate), high.max(*rate)));
            let waits = self.latencies.get(contestant).map(|l| (l.quantile(0.5), l.quantile(0.99)));
            let waits = match waits {
                Some((p50, p99)) if p50.is_finite() && p50 < 1.0 => format!("{p50:.3} · {p99:.3}"),
                Some((p50, p99)) if p50.is_finite() => format!("{p50:.1} · {p99:.1}"),
                _ => "–".to_owned(),
            };
            let ratio =
                if contestant == 0 { "–".to_owned() } else { format!("{:.2}", self.ratio(contestant)) };
            let cost = median(self.costs.get(contestant).map(Vec::as_slice).unwrap_or_default());
            let rate = median(rates);
            text.push_str(&format!(
                "| {name} | {rate:.0} | {low:.0} – {high:.0} | {ratio} | {waits} | {cost:.0} |\n"
            ));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_contestant_runs_once_a_pass_and_not_always_in_the_same_place() {
        let comparison = Comparison::new(&["a", "b", "c"]);
        assert_eq!(comparison.order(0), [0, 1, 2]);
        assert_eq!(comparison.order(1), [2, 1, 0]);
        assert_eq!(comparison.order(2), [1, 2, 0]);
        assert_eq!(comparison.order(3), [0, 2, 1]);
    }
}
