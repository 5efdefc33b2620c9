//! One seed of the kill suite; `bench/` runs more of it.

use std::time::Duration;

use tempfile::TempDir;

use super::kill_suite::{Size, run};

const SEED: u64 = 20_261_121;

/// `KILL_SEED=7 cargo test --test it three_hundred_executions` repeats another.
fn seed() -> u64 {
    #[allow(clippy::disallowed_methods, reason = "no setting of the product: which numbers this test draws")]
    let given = std::env::var("KILL_SEED");
    given.map_or(SEED, |text| text.parse().expect("KILL_SEED is a number"))
}

#[tokio::test]
async fn three_hundred_executions_end_rightly_over_sixty_kills() {
    let seed = seed();
    let data = TempDir::new().expect("a temporary folder can be made");
    let outcome = run(seed, Size { executions: 300, kills: 60, stop: Duration::from_millis(700) }, data).await;
    println!(
        "{} executions in {:.0} s, {} replays, {} repeats; {}",
        outcome.executions, outcome.seconds, outcome.replays, outcome.repeats, outcome.blows
    );
    assert!(outcome.executions >= 300, "only {} executions", outcome.executions);
    outcome.assert_right(seed, &format!("KILL_SEED={seed} cargo test --test it three_hundred_executions"));
}
