//! The tour of the REST interface, taken as a new user takes it: with the script alone, against a server of its own.

use std::process::Output;

use tokio::process::Command;

use crate::server::Server;

async fn tour(server: &Server, password: &str) -> Output {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/rest_tour.sh");
    let touring = Command::new("bash").arg(script).arg(&server.url).env("FLOWSTEAD_PASSWORD", password).output();
    touring.await.expect("bash can be started")
}

/// A new password for `admin`, as the command line gives it; the first one was shown to whoever started the server.
async fn password(server: &Server) -> String {
    let program = env!("CARGO_BIN_EXE_flowstead");
    let reset = Command::new(program).args(["user", "reset", "admin", "--data"]).arg(server.folder()).output();
    let reset = reset.await.expect("the binary can be started");
    assert!(reset.status.success(), "{}", String::from_utf8_lossy(&reset.stderr));
    let text = String::from_utf8(reset.stdout).expect("a password is text");
    text.split_whitespace().last().expect("it is shown").to_owned()
}

#[tokio::test]
async fn the_tour_of_the_rest_interface_goes_through_twice() {
    let server = Server::start().await;
    let password = password(&server).await;
    for round in 1..=2 {
        let toured = tour(&server, &password).await;
        let (said, wrong) = (String::from_utf8_lossy(&toured.stdout), String::from_utf8_lossy(&toured.stderr));
        assert!(toured.status.success(), "round {round}: {wrong}\nafter\n{said}");
        assert!(said.contains("ENDED_SUCCESS, Hello, Ada!") && said.contains("Hello, Grace!"), "{said}");
    }
}

#[tokio::test]
async fn the_tour_ends_at_the_first_answer_that_is_not_as_it_should_be() {
    let server = Server::start().await;
    let toured = tour(&server, "a wrong password").await;
    let wrong = String::from_utf8_lossy(&toured.stderr).into_owned();
    assert!(!toured.status.success() && wrong.contains("POST /auth/login answered 401 where 200 was expected"), "{wrong}");
}
