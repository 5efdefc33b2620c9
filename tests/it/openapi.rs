//! The OpenAPI document is a public surface: what the world sees never changes unseen.

use serde_json::Value;

use crate::app::TestApp;

#[test]
fn the_document_is_the_one_in_git() {
    let mut document = flowstead::http::openapi::document();
    document["info"]["version"] = Value::from("[version]");
    insta::assert_json_snapshot!("openapi", document);
}

#[tokio::test]
async fn the_document_and_its_page_are_served_to_everyone() {
    let app = TestApp::new().start().await;
    let served = app.nobody().get("/openapi.json").await.expect(200);
    assert_eq!(served, flowstead::http::openapi::document());
    let page = app.nobody().get("/docs").await;
    assert!(page.header("content-security-policy").contains("default-src 'none'"));
    assert!(page.header("content-type").starts_with("text/html"));
    assert!(page.text.contains("openapi.json"));
}
