//! What a flow prints, logs and writes to descriptors: entries in order, split but not cut, none lost in a crash.

use flowstead::protocol::LogKey;

use crate::slot_rig::{Rig, handler};

#[tokio::test]
async fn print_logging_and_log_stand_in_order() {
    let mut rig = Rig::new().await;
    let body = "import logging, sys\nprint('a')\nthis.log('b', level='warning')\nlogging.info('c %s', 1)\nprint('d', file=sys.stderr)\nlogging.error('e')";
    let report = rig.run(&handler(body)).await;
    let seen: Vec<(&str, Option<&str>, &str)> =
        report.logs.iter().map(|(_, log)| (log.level.as_str(), log.stream.as_deref(), log.message.as_str())).collect();
    assert_eq!(
        seen,
        [
            ("info", Some("stdout"), "a"),
            ("warning", None, "b"),
            ("info", Some("logging"), "c 1"),
            ("error", Some("stderr"), "d"),
            ("error", Some("logging"), "e"),
        ]
    );
    let keys: Vec<LogKey> = report.logs.iter().map(|(key, _)| *key).collect();
    assert!(keys.windows(2).all(|pair| pair[0] < pair[1]), "{keys:?}");
}

#[tokio::test]
async fn lines_are_put_together_and_a_last_one_is_flushed() {
    let mut rig = Rig::new().await;
    let body =
        "import sys\nsys.stdout.write('one ')\nsys.stdout.write('line\\ntwo\\n\\nthr')\nsys.stdout.buffer.write(b'ee')\nprint('x', end='')";
    assert_eq!(rig.run(&handler(body)).await.messages(), ["one line", "two", "", "threex"]);
}

#[tokio::test]
async fn a_long_line_is_split_and_whole() {
    let mut rig = Rig::new().await;
    let report = rig.run(&handler("print('ä' * 100_000)\nthis.log('b' * 100_000)")).await;
    assert!(report.messages().iter().all(|m| m.len() <= 64 << 10));
    let text: String = report.messages().concat();
    assert_eq!(text, "ä".repeat(100_000) + &"b".repeat(100_000));
}

#[tokio::test]
async fn raw_output_comes_before_the_end() {
    let mut rig = Rig::new().await;
    let body = "import os, subprocess\nos.write(1, b'raw\\npart')\nsubprocess.run(['sh', '-c', 'echo from a shell >&2'])";
    let report = rig.run(&handler(body)).await;
    // Two pipes: the order is kept within each.
    assert_eq!(report.lines.iter().filter(|(stream, _)| *stream == "stdout").map(|(_, l)| l).collect::<Vec<_>>(), ["raw", "part"]);
    assert!(report.lines.contains(&("stderr", "from a shell".to_owned())), "{report:?}");
}

#[tokio::test]
async fn what_was_printed_before_a_crash_is_not_lost() {
    let mut rig = Rig::new().await;
    let report = rig.run(&handler("import os\nfor i in range(1000): print(i)\nos.write(2, b'last words')\nos.kill(os.getpid(), 9)")).await;
    assert!(report.closed);
    assert_eq!((report.logs.len(), report.lines.clone()), (1000, vec![("stderr", "last words".to_owned())]));
}

#[tokio::test]
async fn fifty_thousand_lines_arrive() {
    let mut rig = Rig::new().await;
    let report = rig.run(&handler("for i in range(50_000): print('line', i)")).await;
    assert_eq!(report.logs.len(), 50_000);
    assert_eq!(report.messages()[49_999], "line 49999");
}

#[tokio::test]
async fn log_takes_anything() {
    let mut rig = Rig::new().await;
    let body = "import decimal\nthis.log({'a': [1, float('nan')]}, decimal.Decimal('1.5'), b'x', when={1, })\nthis.log(level='loud')";
    let report = rig.run(&handler(body)).await;
    assert_eq!(report.messages(), [r#"{"a":[1,"nan"]} "Decimal('1.5')" "b'x'""#]);
    assert_eq!(report.logs[0].1.data.as_ref().map(|d| d.get()), Some(r#"{"when":"{1}"}"#));
    assert!(report.error().contains("one of debug, info, warning, error"), "{report:?}");
}

#[tokio::test]
async fn a_huge_value_is_logged_by_its_beginning() {
    let mut rig = Rig::new().await;
    let report = rig.run(&handler("this.log('x', big='y' * (200 << 20))")).await;
    let data: serde_json::Value = serde_json::from_str(report.logs[0].1.data.as_ref().unwrap().get()).unwrap();
    assert!(data["bytes"].as_u64() > Some(200 << 20) && data["beginning"].as_str().is_some_and(|text| text.starts_with("{\"big\":\"yyy")));
}

#[tokio::test]
async fn basic_config_changes_level_and_format_of_our_handler() {
    let mut rig = Rig::new().await;
    let body = "import logging\nlogging.basicConfig(level=logging.DEBUG, format='%(levelname)s: %(message)s')\nlogging.debug('x')";
    let report = rig.run(&handler(body)).await;
    assert_eq!(report.messages(), ["DEBUG: x"]);
}
