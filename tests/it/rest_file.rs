//! Content of files over HTTP: bytes in, bytes and parts of them out.

use crate::app::TestApp;
use crate::client::answer;

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
    let id = app.admin().make("file", serde_json::json!({"name": "x"})).await;
    assert_eq!(app.admin().get(&format!("/file/{id}/content")).await.text, "");
    for name in ["a%00b".to_owned(), "x".repeat(129)] {
        answer(app.admin().request("PUT", &format!("/file/{name}/content?by=name")).body("x")).await.refusal(422, "invalid");
    }
    app.user("stranger").get(&format!("/file/{id}/content")).await.refusal(404, "not_found");
    answer(app.user("stranger").request("PUT", &format!("/file/{id}/content")).body("x")).await.refusal(404, "not_found");
}
