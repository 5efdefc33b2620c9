//! The rights that come with the server: who may do what by which shipped role, as the service decides it.

use std::fmt::Write;

use flowstead::records::TYPES;
use flowstead::service::{Actor, Door, Operation, SHIPPED};

use crate::app::TestApp;

#[tokio::test]
async fn the_shipped_roles_are_the_ones_in_git() {
    let app = SHIPPED.iter().fold(TestApp::new(), |app, role| app.user_with(role.name, &[role.name])).start().await;
    let users = app.service.user_list(&Actor::system(Door::Cli)).await.expect("users can be listed");
    let mut matrix = format!("{:<28}", "");
    let mut all = Vec::new();
    for role in SHIPPED {
        let _ = write!(matrix, "{:>20}", role.name);
        let (_, id, _) = users.iter().find(|(name, ..)| name == role.name).expect("it was made");
        all.push(app.service.may(&Actor::user(*id, role.name, Door::Rest)).await.expect("it is enabled"));
    }
    // A user sees and changes its own record by no role: UPDATE and READ of USER are everybody's.
    for of in TYPES {
        let _ = write!(matrix, "\n{:<28}", if of.is_subrecord() { format!("  {}", of.name) } else { of.name.to_owned() });
        for may in &all {
            let letter = |operation: Operation| operation.name().chars().next().filter(|_| may.ever(operation, of)).unwrap_or('-');
            let letters: String = Operation::ALL.map(letter).iter().collect();
            let _ = write!(matrix, "{letters:>20}");
        }
    }
    insta::assert_snapshot!("rights", matrix);
}
