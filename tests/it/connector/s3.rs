//! Objects in buckets, in a server that checks signatures and keeps buckets as folders.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use s3s::auth::SimpleAuth;
use s3s::service::{S3Service, S3ServiceBuilder};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;

use super::stream::{content, peak, roomy, spools};
use super::{connect, connections, refused, server};
use crate::client::answer;
use crate::server::Server;

const KEY: &str = "AKIAEXAMPLE";
const HIDDEN: &str = "the/secret+key-of-s3";

/// A service with the bucket `things`. Requests for objects named after a fault fare accordingly.
pub struct Buckets {
    url: String,
    pub folder: TempDir,
    waiting: Arc<AtomicUsize>,
}

#[derive(Clone)]
struct Inside {
    service: S3Service,
    requests: Arc<AtomicUsize>,
    waiting: Arc<AtomicUsize>,
    /// Whether a second part of `once` was kept waiting: the next one is not.
    is_past: Arc<AtomicBool>,
}

impl Buckets {
    pub async fn start() -> Buckets {
        let folder = TempDir::new().expect("a temporary folder can be made");
        std::fs::create_dir(folder.path().join("things")).expect("a bucket can be made");
        let mut service = S3ServiceBuilder::new(s3s_fs::FileSystem::new(folder.path()).expect("a folder is a store"));
        service.set_auth(SimpleAuth::from_single(KEY, HIDDEN));
        let waiting = Arc::new(AtomicUsize::new(0));
        let inside = Inside { service: service.build(), requests: Arc::default(), waiting: waiting.clone(), is_past: Arc::default() };
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback has a free port");
        let url = format!("http://{}", listener.local_addr().expect("it is bound"));
        let router = axum::Router::new().fallback(serve).with_state(inside);
        tokio::spawn(async move { axum::serve(listener, router).await });
        Buckets { url, folder, waiting }
    }

    pub fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join("things").join(name)
    }

    pub fn inputs(&self, command: &str, path: &str) -> Value {
        json!({
            "connector_type": "S3", "endpoint_url": self.url, "bucket": "things", "access_key_id": KEY, "secret_access_key": HIDDEN,
            "command": command, "path": path,
        })
    }

    pub async fn until_waiting(&self, count: usize) {
        for _ in 0..2400 {
            if self.waiting.load(Ordering::SeqCst) == count {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(25)).await;
        }
        panic!("{} requests wait, not {count}", self.waiting.load(Ordering::SeqCst));
    }
}

struct Waiting(Arc<AtomicUsize>);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

async fn serve(State(inside): State<Inside>, request: Request) -> Response {
    let number = inside.requests.fetch_add(1, Ordering::SeqCst);
    let path = request.uri().path().to_owned();
    let is_part = request.method() == Method::PUT && request.uri().query().is_some_and(|query| query.contains("partNumber=2"));
    let is_first = path.ends_with("/once") && is_part && !inside.is_past.swap(true, Ordering::SeqCst);
    if path.ends_with("/slow") || (path.ends_with("/stuck") && is_part) || is_first {
        // Who does not read does not notice that nobody sends any more.
        let _sent = axum::body::to_bytes(request.into_body(), usize::MAX).await;
        inside.waiting.fetch_add(1, Ordering::SeqCst);
        let _waiting = Waiting(inside.waiting);
        return std::future::pending().await;
    }
    if path.ends_with("/stall") {
        let sent = futures_util::stream::iter((0..3000).map(|_| Ok::<_, std::io::Error>(vec![b'x'; 16 << 10])));
        let never = futures_util::stream::once(async move {
            inside.waiting.fetch_add(1, Ordering::SeqCst);
            let _waiting = Waiting(inside.waiting);
            std::future::pending().await
        });
        let body = Body::from_stream(futures_util::StreamExt::chain(sent, never));
        return Response::builder().header(header::CONTENT_LENGTH, 1 << 30).body(body).expect("a response");
    }
    if path.ends_with("/busy") && number == 0 {
        return (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "0")]).into_response();
    }
    if path.ends_with("/cut") {
        let pieces = (0..200).map(|_| Ok(vec![b'x'; 16 << 10])).chain([Err(std::io::Error::other("no more"))]);
        let body = Body::from_stream(futures_util::stream::iter(pieces));
        return Response::builder().header(header::CONTENT_LENGTH, 1 << 30).body(body).expect("a response");
    }
    match inside.service.call(request.map(s3s::Body::http_body_unsync)).await {
        Ok(response) => response.map(Body::new),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, format!("{error:?}")).into_response(),
    }
}

pub async fn write(server: &Server, name: &str, content: impl Into<reqwest::Body>) {
    let written = answer(server.request("PUT", &format!("/file/{name}/content?by=name")).body(content)).await;
    assert_eq!(written.status, 201, "{}", written.text);
}

pub fn with(mut inputs: Value, more: &Value) -> Value {
    inputs.as_object_mut().expect("an object").extend(more.as_object().cloned().expect("an object"));
    inputs
}

#[tokio::test]
async fn objects_are_put_listed_looked_at_fetched_and_deleted() {
    let (server, buckets) = (server().await, Buckets::start().await);
    write(&server, "note.txt", "what it says").await;
    let path = "a folder/gr\u{fc}n & 1.txt";
    let put = with(buckets.inputs("put", path), &json!({ "file": "note.txt", "content_type": "text/plain" }));
    let output = connect(&server, put).await;
    assert_eq!(output["bytes"], 12);
    assert_eq!(std::fs::read_to_string(buckets.path(path)).expect("it is there"), "what it says");
    let list = connect(&server, buckets.inputs("list", "a folder/")).await;
    assert_eq!((&list["files"][0]["name"], &list["files"][0]["size"], &list["is_complete"]), (&json!(path), &json!(12), &json!(true)));
    let head = connect(&server, buckets.inputs("head", path)).await;
    assert_eq!((&head["bytes"], &head["etag"], &head["content_type"]), (&json!(12), &output["etag"], &json!("text/plain")));
    let got = connect(&server, with(buckets.inputs("get", path), &json!({ "file": "copy" }))).await;
    assert_eq!((&got["file"], &got["bytes"]), (&json!("copy"), &json!(12)));
    assert_eq!(content(&server, "copy").await, (200, "what it says".to_owned()));
    assert_eq!(connect(&server, buckets.inputs("delete", path)).await, json!({}));
    assert!(!buckets.path(path).exists());
    assert_eq!(connect(&server, buckets.inputs("list", "a folder/")).await["files"], json!([]));
    let shown = connections(&server).await.iter().map(Value::to_string).collect::<String>() + &server.whole_log();
    assert!(!shown.contains(HIDDEN), "{shown}");
}

#[tokio::test]
async fn a_list_goes_on_until_it_has_what_was_asked_for() {
    let (server, buckets) = (server().await, Buckets::start().await);
    for number in 0..1203 {
        std::fs::write(buckets.path(&format!("n{number:04}")), "x").expect("an object can be made");
    }
    let all = connect(&server, with(buckets.inputs("list", "n"), &json!({ "limit": 5000 }))).await;
    let names: Vec<&str> = all["files"].as_array().expect("a list").iter().filter_map(|file| file["name"].as_str()).collect();
    assert_eq!((names.len(), names[0], names[1202], &all["is_complete"]), (1203, "n0000", "n1202", &json!(true)));
    let some = connect(&server, with(buckets.inputs("list", "n1"), &json!({ "limit": 2, "start_after": "n1100" }))).await;
    assert_eq!(
        (&some["files"][0]["name"], &some["files"][1]["name"], &some["is_complete"]),
        (&json!("n1101"), &json!("n1102"), &json!(false))
    );
}

#[tokio::test]
async fn a_presigned_address_lets_others_in_for_one_thing() {
    let (server, buckets) = (server().await, Buckets::start().await);
    let url =
        connect(&server, with(buckets.inputs("presign", "gift"), &json!({ "presign_for": "put", "expires_in": 60 }))).await["url"].clone();
    let url = url.as_str().expect("an address");
    assert!(!url.contains(HIDDEN), "{url}");
    let client = reqwest::Client::new();
    assert_eq!(client.get(url).send().await.expect("an answer").status(), 403, "it is for another thing");
    assert_eq!(client.put(url).body("a gift").send().await.expect("an answer").status(), 200);
    let url = connect(&server, buckets.inputs("presign", "gift")).await["url"].clone();
    let got = client.get(url.as_str().expect("an address")).send().await.expect("an answer");
    assert_eq!(got.text().await.expect("text"), "a gift");
}

#[tokio::test]
async fn a_gigabyte_comes_and_goes_in_parts_and_memory_stays_flat() {
    const GIGABYTE: u64 = 1 << 30;
    let (server, buckets) = (roomy().await, Buckets::start().await);
    let large = std::fs::File::create(buckets.path("large")).expect("an object can be made");
    large.set_len(GIGABYTE).expect("it is as long as that");
    std::fs::write(buckets.path("small"), vec![1; 20 << 20]).expect("an object can be made");
    connect(&server, buckets.inputs("get", "small")).await;
    connect(&server, with(buckets.inputs("put", "small again"), &json!({ "file": "small" }))).await;
    assert_eq!(std::fs::read(buckets.path("small again")).expect("it is there"), vec![1; 20 << 20], "its two parts are one");
    let before = peak(&server);
    assert_eq!(connect(&server, buckets.inputs("get", "large")).await["bytes"], GIGABYTE);
    assert_eq!(server.get("/file/large?by=name&plain=true").await.body["content_size_bytes"], GIGABYTE);
    let sent = connect(&server, with(buckets.inputs("put", "large again"), &json!({ "file": "large" }))).await;
    assert_eq!(sent["bytes"], GIGABYTE);
    assert_eq!(std::fs::metadata(buckets.path("large again")).expect("it is there").len(), GIGABYTE);
    let grown = peak(&server).saturating_sub(before);
    assert!(grown < 100 << 20, "the server's memory grew by {grown} bytes");
}

#[tokio::test]
async fn what_goes_wrong_is_said_in_words() {
    let server = server().await;
    let buckets = Buckets::start().await;
    write(&server, "kept", "old").await;
    let (port, _) = super::rest::secure_side().await;
    let cases = [
        (buckets.inputs("get", "absent"), json!({}), "404 Not Found: NoSuchKey"),
        (buckets.inputs("head", "absent"), json!({}), "404 Not Found"),
        (buckets.inputs("list", ""), json!({ "bucket": "nothing" }), "NoSuchBucket"),
        (buckets.inputs("list", ""), json!({ "secret_access_key": "the/wrong+key-of-s3" }), "SignatureDoesNotMatch"),
        (buckets.inputs("list", ""), json!({ "access_key_id": "AKIANOBODY" }), "NotSignedUp"),
        (buckets.inputs("list", ""), json!({ "endpoint_url": "http://127.0.0.1:9" }), "no connection"),
        (buckets.inputs("list", ""), json!({ "endpoint_url": format!("https://localhost:{port}") }), "certificate"),
        (buckets.inputs("get", "slow"), json!({ "timeout": 0.3 }), "within the timeout of 0.3 s"),
        (buckets.inputs("get", "cut"), json!({ "file": "kept" }), "1073741824 bytes"),
        (buckets.inputs("put", "x"), json!({ "file": "nothing" }), "nothing"),
        (buckets.inputs("delete", "a/../b"), json!({}), "no path of an object"),
    ];
    for (inputs, more, words) in cases {
        let inputs = with(inputs, &more);
        let (class, text) = refused(&server, inputs.clone()).await;
        assert_eq!(class, "DependencyFailedError", "{inputs}: {text}");
        assert!(text.contains(words) && !text.contains("key-of-s3"), "{inputs}: {text}");
    }
    assert_eq!(content(&server, "kept").await, (200, "old".to_owned()));
    let (class, text) = refused(&server, with(buckets.inputs("gett", "x"), &json!({}))).await;
    assert_eq!(class, "InvalidInputError", "{text}");
}

#[tokio::test]
async fn an_answer_that_breaks_off_leaves_nothing_and_a_busy_service_is_asked_again() {
    let (server, buckets) = (roomy().await, Buckets::start().await);
    std::fs::write(buckets.path("busy"), "at last").expect("an object can be made");
    connect(&server, buckets.inputs("get", "busy")).await;
    assert_eq!(content(&server, "busy").await.1, "at last");
    let log = server.messages(connections(&server).await[0]["id"].as_str().expect("an id")).await;
    assert!(log.iter().any(|line| line.contains("503")), "{log:?}");
    let (_, text) = refused(&server, buckets.inputs("get", "cut")).await;
    assert!(text.contains("broke off after"), "{text}");
    assert_eq!((content(&server, "cut").await.0, spools(&server)), (404, 0));
}

#[tokio::test]
async fn calls_are_known_by_the_names_that_amazon_has_for_them() {
    let (server, buckets) = (server().await, Buckets::start().await);
    write(&server, "note.txt", "what it says").await;
    let call = |service: &str, parameters: Value| {
        json!({
            "connector_type": "AWS", "region": "us-east-1", "endpoint_url": buckets.url, "aws_access_key_id": KEY,
            "aws_secret_access_key": HIDDEN, "client": "s3", "service": service, "parameters": parameters,
        })
    };
    let ask = async |service: &str, parameters: Value| connect(&server, call(service, parameters)).await["result"].clone();
    ask("upload_file", json!({ "Bucket": "things", "Key": "a.txt", "Filename": "note.txt" })).await;
    assert_eq!(ask("head_object", json!({ "Bucket": "things", "Key": "a.txt" })).await["ContentLength"], 12);
    let list = ask("list_objects_v2", json!({ "Bucket": "things" })).await;
    assert_eq!((&list["Contents"][0]["Key"], &list["IsTruncated"]), (&json!("a.txt"), &json!(false)));
    ask("download_file", json!({ "Bucket": "things", "Key": "a.txt", "Filename": "copy" })).await;
    assert_eq!(content(&server, "copy").await.1, "what it says");
    let url =
        ask("generate_presigned_url", json!({ "ClientMethod": "get_object", "Params": { "Bucket": "things", "Key": "a.txt" } })).await;
    let got = reqwest::get(url.as_str().expect("an address")).await.expect("an answer");
    assert_eq!(got.text().await.expect("text"), "what it says");
    ask("delete_object", json!({ "Bucket": "things", "Key": "a.txt" })).await;
    assert!(!buckets.path("a.txt").exists());
    let (_, text) = refused(&server, with(call("list_objects_v2", json!({})), &json!({ "client": "ec2" }))).await;
    assert!(text.contains("not 'ec2'"), "{text}");
    let (_, text) = refused(&server, call("list_objects_v2", json!({ "Bucket": "nothing" }))).await;
    assert!(text.contains("NoSuchBucket") && !text.contains(HIDDEN), "{text}");
}
