//! The state machine of an execution: one function, pure, so that impossible moves cannot be written down elsewhere.

use crate::records::Status;

/// Something that happens to an execution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// It may run now: created to run at once, `run()` was called, or its time has come.
    Release,
    /// A slot took it.
    Dispatch,
    /// Its slot waits in this state.
    Park(Status),
    /// What it waited for is there, and it still has its slot.
    Wake,
    /// It has no slot any more (lost, or what a slotless one waited for is there) and must be replayed.
    Requeue,
    Pause,
    /// Back from a pause; `in_slot` tells whether a slot still holds it.
    Resume {
        in_slot: bool,
    },
    End(Status),
}

/// The state after `step`, or `None` when that cannot happen in `from`.
pub fn next(from: Status, step: Step) -> Option<Status> {
    if from.is_ended() {
        return None;
    }
    match step {
        Step::Release => (from == Status::Created).then_some(Status::Pending),
        Step::Dispatch => (from == Status::Pending).then_some(Status::Running),
        Step::Park(to) => (from == Status::Running && to.is_waiting()).then_some(to),
        Step::Wake => from.is_waiting().then_some(Status::Running),
        Step::Requeue => (from == Status::Running || from.is_waiting() || from == Status::Pending).then_some(Status::Pending),
        Step::Pause => (from != Status::Paused).then_some(Status::Paused),
        Step::Resume { in_slot } => (from == Status::Paused).then_some(if in_slot { Status::Running } else { Status::Pending }),
        Step::End(to) => to.is_ended().then_some(to),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_status() -> impl Strategy<Value = Status> {
        proptest::sample::select(Status::ALL.to_vec())
    }

    fn any_step() -> impl Strategy<Value = Step> {
        prop_oneof![
            Just(Step::Release),
            Just(Step::Dispatch),
            any_status().prop_map(Step::Park),
            Just(Step::Wake),
            Just(Step::Requeue),
            Just(Step::Pause),
            any::<bool>().prop_map(|in_slot| Step::Resume { in_slot }),
            any_status().prop_map(Step::End),
        ]
    }

    proptest! {
        #[test]
        fn an_ended_execution_never_moves_again(steps in proptest::collection::vec(any_step(), 0..60)) {
            let mut status = Status::Created;
            let mut ended = None;
            for step in steps {
                if let Some(to) = next(status, step) {
                    prop_assert!(ended.is_none(), "moved from {status:?} to {to:?} by {step:?}");
                    status = to;
                    if to.is_ended() { ended = Some(to); }
                }
            }
        }

        #[test]
        fn only_a_pending_execution_is_dispatched_and_only_a_running_one_parks(from in any_status(), step in any_step()) {
            match (step, next(from, step)) {
                (Step::Dispatch, Some(to)) => { prop_assert_eq!(from, Status::Pending); prop_assert_eq!(to, Status::Running); }
                (Step::Park(wanted), Some(to)) => { prop_assert_eq!(from, Status::Running); prop_assert!(to.is_waiting()); prop_assert_eq!(to, wanted); }
                (Step::End(wanted), Some(to)) => { prop_assert!(to.is_ended()); prop_assert_eq!(to, wanted); }
                (_, Some(to)) => prop_assert!(!to.is_ended()),
                (_, None) => {}
            }
        }

        #[test]
        fn every_live_state_can_end_and_can_be_paused(from in any_status()) {
            prop_assume!(!from.is_ended());
            prop_assert_eq!(next(from, Step::End(Status::EndedCancelled)), Some(Status::EndedCancelled));
            prop_assert_eq!(next(from, Step::Pause).is_some(), from != Status::Paused);
        }
    }
}
