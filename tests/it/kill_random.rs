//! One seed of the kill suite, and a server that stands still for a minute; `bench/` runs more of it.

use std::time::Duration;

use tempfile::TempDir;

use super::kill_suite::{Size, run};

const SEED: u64 = 20_261_121;

/// `KILL_SEED=7 cargo test --test it kill_random` repeats another.
fn seed() -> u64 {
    #[allow(clippy::disallowed_methods, reason = "no setting of the product: which numbers this test draws")]
    let given = std::env::var("KILL_SEED");
    given.map_or(SEED, |text| text.parse().expect("KILL_SEED is a number"))
}

async fn all_is_right(size: Size) {
    let seed = seed();
    let data = TempDir::new().expect("a temporary folder can be made");
    let outcome = run(seed, size, data).await;
    eprintln!("{}", outcome.words());
    assert!(outcome.executions >= size.executions, "only {} executions", outcome.executions);
    outcome.assert_right(seed, &format!("KILL_SEED={seed} cargo test --test it kill_random"));
}

#[tokio::test]
async fn three_hundred_executions_end_rightly_over_sixty_kills() {
    let stops = (2, Duration::from_millis(700));
    all_is_right(Size { executions: 300, kills: 60, stops, jumps: 5, bad_disks: 3 }).await;
}

#[tokio::test]
async fn executions_end_rightly_though_the_server_stood_still_for_a_minute() {
    let stops = (1, Duration::from_secs(60));
    all_is_right(Size { executions: 40, kills: 5, stops, jumps: 1, bad_disks: 0 }).await;
}
