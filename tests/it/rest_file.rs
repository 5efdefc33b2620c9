//! Content of files over HTTP: bytes in, bytes and parts of them out.

use serde_json::json;

use crate::app::TestApp;
use crate::client::answer;
use crate::server::Server;

#[tokio::test]
async fn bytes_come_back_as_they_were_put() {
    let app = TestApp::new().start().await;
    let admin = app.admin();
    let bytes: Vec<u8> = (0..=255).cycle().take(100_000).collect();
    let put = answer(admin.request("PUT", "/file/reports%2Fyear.bin/content?by=name&plain=true").body(bytes.clone())).await.expect(201);
    assert_eq!(put["name"], "reports/year.bin");
    assert_eq!(put["content_size_bytes"], 100_000);
    let path = format!("/file/{}/content", put["id"].as_str().unwrap());
    let whole = admin.request("GET", &path).send().await.unwrap();
    assert_eq!(whole.headers()["content-disposition"], "attachment");
    let tag = whole.headers()["etag"].to_str().unwrap().to_owned();
    assert_eq!(whole.bytes().await.unwrap(), bytes);

    let part = admin.request("GET", &path).header("range", "bytes=10-19").send().await.unwrap();
    assert_eq!((part.status().as_u16(), part.headers()["content-range"].to_str().unwrap()), (206, "bytes 10-19/100000"));
    assert_eq!(part.bytes().await.unwrap(), bytes[10..20]);
    let stale = admin.request("GET", &path).header("range", "bytes=10-19").header("if-range", "\"other\"").send().await.unwrap();
    assert_eq!(stale.status(), 200);
    assert_eq!(answer(admin.request("GET", &path).header("range", "bytes=100000-")).await.status, 416);
    assert_eq!(answer(admin.request("GET", &path).header("if-none-match", &tag)).await.status, 304);

    answer(admin.request("PUT", &path).body("new")).await.expect(200);
    assert_eq!(admin.request("GET", &path).send().await.unwrap().text().await.unwrap(), "new");
}

#[tokio::test]
async fn content_over_the_limit_is_refused_and_leaves_the_file_as_it_was() {
    let app = TestApp::new().config(|config| config.server.file_limit_bytes = 1000).start().await;
    let admin = app.admin();
    answer(admin.request("PUT", "/file/x/content?by=name").body("small")).await.expect(201);
    answer(admin.request("PUT", "/file/x/content?by=name").body(vec![0; 200_000])).await.refusal(413, "too_large");
    assert_eq!(admin.get("/file/x/content?by=name").await.text, "small");
}

#[tokio::test]
async fn a_file_that_is_not_there_is_not_found() {
    let app = TestApp::new().user("stranger").start().await;
    app.admin().get("/file/x/content?by=name").await.refusal(404, "not_found");
    let id = app.admin().make("file", json!({"name": "x"})).await;
    assert_eq!(app.admin().get(&format!("/file/{id}/content")).await.text, "");
    for name in ["a%00b".to_owned(), "x".repeat(129)] {
        answer(app.admin().request("PUT", &format!("/file/{name}/content?by=name")).body("x")).await.refusal(422, "invalid");
    }
    app.user("stranger").get(&format!("/file/{id}/content")).await.refusal(404, "not_found");
    answer(app.user("stranger").request("PUT", &format!("/file/{id}/content")).body("x")).await.refusal(404, "not_found");
}

/// Every byte is another than the one a piece before it.
fn long(size: usize) -> Vec<u8> {
    (0..=250).cycle().take(size).collect()
}

#[tokio::test]
async fn long_content_is_read_in_parts_across_its_pieces() {
    let app = TestApp::new().start().await;
    let admin = app.admin();
    let bytes = long(3_000_001);
    answer(admin.request("PUT", "/file/long/content?by=name").body(bytes.clone())).await.expect(201);
    let path = "/file/long/content?by=name";
    let head = admin.request("HEAD", path).send().await.unwrap();
    assert_eq!((head.status().as_u16(), head.headers()["content-length"].to_str().unwrap()), (200, "3000001"));
    assert!(head.bytes().await.unwrap().is_empty());
    let whole = admin.request("GET", path).send().await.unwrap();
    assert_eq!(whole.headers()["content-length"], "3000001");
    assert!(whole.bytes().await.unwrap() == bytes);
    for (from, to) in [(1_048_570, 1_048_585), (0, 0), (2_097_152, 3_000_000), (5, 2_999_999)] {
        let part = admin.request("GET", path).header("range", format!("bytes={from}-{to}")).send().await.unwrap();
        assert_eq!(part.headers()["content-length"].to_str().unwrap(), (to - from + 1).to_string());
        assert!(part.bytes().await.unwrap() == bytes[from..=to], "{from}-{to}");
    }
    let copy = admin.post("/file/long/clone?by=name&plain=true", json!({"name": "copy"})).await.expect(201);
    assert_eq!(copy["content_size_bytes"], 3_000_001);
}

#[tokio::test]
async fn content_that_breaks_off_leaves_the_file_as_it_was() {
    let app = TestApp::new().start().await;
    let admin = app.admin();
    answer(admin.request("PUT", "/file/x/content?by=name").body("old")).await.expect(201);
    let chunks = vec![Ok(long(2 << 20)), Err(std::io::Error::other("the line is cut"))];
    let broken = reqwest::Body::wrap_stream(futures_util::stream::iter(chunks));
    assert!(admin.request("PUT", "/file/x/content?by=name").body(broken).send().await.is_err());
    assert_eq!(admin.get("/file/x/content?by=name").await.text, "old");
    assert_eq!(admin.get("/file/x?by=name&plain=true").await.expect(200)["version"], 1);
}

#[tokio::test]
async fn content_that_was_replaced_meanwhile_is_not_overwritten_by_who_says_what_it_has_seen() {
    let app = TestApp::new().start().await;
    let admin = app.admin();
    let put = |tag: String, body: &'static str| answer(admin.request("PUT", "/file/x/content?by=name").header("if-match", tag).body(body));
    put("*".into(), "new").await.refusal(412, "precondition_failed");
    answer(admin.request("PUT", "/file/x/content?by=name").body("one")).await.expect(201);
    let seen = admin.get("/file/x/content?by=name").await.header("etag").to_owned();
    put(seen.clone(), "two").await.expect(200);
    put(seen, "three").await.refusal(412, "precondition_failed");
    put("*".into(), "four").await.expect(200);
    let record = admin.get("/file/x?by=name").await.header("etag").to_owned();
    put(record.clone(), "five").await.expect(200);
    put(record, "six").await.refusal(412, "precondition_failed");
    assert_eq!(admin.get("/file/x/content?by=name").await.text, "five");
}

#[tokio::test]
async fn who_may_not_write_a_file_is_refused_whatever_it_sends() {
    let app = TestApp::new().user("stranger").user_with("reader", &["User"]).start().await;
    let admin = app.admin();
    answer(admin.request("PUT", "/file/x/content?by=name").body("old")).await.expect(201);
    for name in ["x", "y"] {
        let path = format!("/file/{name}/content?by=name");
        answer(app.user("reader").request("PUT", &path).body(long(2 << 20))).await.refusal(403, "forbidden");
        let refused = answer(app.user("stranger").request("PUT", &path).body("mine")).await;
        assert!(matches!(refused.status, 403 | 409), "{}", refused.text);
    }
    assert_eq!(admin.get("/file/x/content?by=name").await.text, "old");
    assert_eq!(admin.get("/file").await.expect(200)["total"], 1);
}

/// The most memory that the process has held so far, bytes.
fn peak(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).expect("the process is there");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("the kernel counts memory");
    line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number of kilobytes") * 1024
}

#[tokio::test]
async fn a_large_file_goes_in_and_out_and_is_never_in_memory_as_a_whole() {
    const PIECES: usize = 160;
    let server = Server::start_with(&["[server]", "file_limit_bytes = 1000000000"]).await;
    let process = server.child.id().expect("the server runs");
    answer(server.request("PUT", "/file/small/content?by=name").body(long(2 << 20))).await.expect(201);
    let before = peak(process);
    let chunk = bytes::Bytes::from(long(1 << 20));
    let chunks = (0..PIECES).map(move |_| Ok::<_, std::io::Error>(chunk.clone()));
    let body = reqwest::Body::wrap_stream(futures_util::stream::iter(chunks));
    let made = answer(server.request("PUT", "/file/large/content?by=name&plain=true").body(body)).await.expect(201);
    assert_eq!(made["content_size_bytes"], PIECES << 20);
    let mut whole = server.request("GET", "/file/large/content?by=name").send().await.expect("an answer");
    let mut size = 0;
    while let Some(part) = whole.chunk().await.expect("a whole body") {
        size += part.len();
    }
    assert_eq!(size, PIECES << 20);
    let grown = peak(process).saturating_sub(before);
    assert!(grown < 64 << 20, "the server's memory grew by {grown} bytes");
}
