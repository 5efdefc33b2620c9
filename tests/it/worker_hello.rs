//! The shortest way through zygote and slot, and what a slot does from one execution to the next.

use flowstead::protocol::{Check, LogKey, Outcome};

use crate::slot_rig::{Rig, handler, plain_answer, run_of};

#[tokio::test]
async fn a_flow_says_hello() {
    let mut rig = Rig::new().await;
    let report = rig.run(&handler("this.log('hello', name=inputs['name'])\nreturn this.success('done')")).await;
    let Outcome::Success { message, output } = report.outcome() else { panic!("{report:?}") };
    assert_eq!((message.as_deref(), output.is_none()), (Some("done"), true));
    let (key, log) = &report.logs[0];
    assert_eq!((*key, log.message.as_str(), log.level.as_str()), (LogKey { seq: 0, n: 1 }, "hello", "info"));
    assert_eq!(log.data.as_ref().map(|d| d.get()), Some(r#"{"name":"Ada"}"#));
    assert_eq!(report.unclean(), None);
}
