//! What was measured, as one table: to read while it runs, and as `bench/RESULTS.md`.

use std::fmt::Write;

/// One line of the table.
struct Line {
    what: String,
    value: String,
    /// What it is compared with.
    baseline: String,
    /// How many times the baseline it takes, or the other comparison that the goal speaks of.
    ratio: String,
    goal: String,
}

/// Lines, and the machine they were measured on.
#[derive(Default)]
pub struct Table {
    lines: Vec<Line>,
}

impl Table {
    /// A figure that stands by itself.
    pub fn add(&mut self, what: &str, value: String, goal: &str) {
        self.compare(what, value, (String::new(), String::new()), goal);
    }

    /// A figure beside its baseline, with how they compare.
    pub fn compare(&mut self, what: &str, value: String, (baseline, ratio): (String, String), goal: &str) {
        eprintln!("{what}: {value}; {baseline}; {ratio}; goal: {goal}");
        self.lines.push(Line { what: what.to_owned(), value, baseline, ratio, goal: goal.to_owned() });
    }

    /// The page, with the machine described above the table.
    pub fn page(&self, machine: &str) -> String {
        let mut out = String::from("# Measured by `make bench`\n\n");
        let _ = writeln!(out, "{machine}\n");
        out.push_str("Every figure and its baseline come from the same run; rounds of both follow each other in turn.\n\n");
        out.push_str("| what | measured | baseline | comparison | goal |\n|---|---|---|---|---|\n");
        for line in &self.lines {
            let _ = writeln!(out, "| {} | {} | {} | {} | {} |", line.what, line.value, line.baseline, line.ratio, line.goal);
        }
        out
    }
}

/// The value below which `share` of the samples lie. Sorts them.
pub fn quantile(samples: &mut [f64], share: f64) -> f64 {
    samples.sort_by(f64::total_cmp);
    let last = samples.len().saturating_sub(1);
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an index between 0 and the last")]
    let index = (last as f64 * share).round() as usize;
    samples.get(index).copied().unwrap_or(f64::NAN)
}

/// Milliseconds with as many digits as they deserve.
pub fn ms(seconds: f64) -> String {
    let value = seconds * 1e3;
    if value >= 100.0 { format!("{value:.0} ms") } else { format!("{value:.2} ms") }
}

/// How many times the one is the other.
pub fn times(ratio: f64) -> String {
    format!("{ratio:.2}x")
}

/// Microseconds.
pub fn us(seconds: f64) -> String {
    format!("{:.1} us", seconds * 1e6)
}
