//! The rights that come with the server: who may do what by which shipped role.

use std::fmt::Write;

use flowstead::records::TYPES;
use flowstead::service::{Operation, SHIPPED};

#[test]
fn the_shipped_roles_are_the_ones_in_git() {
    let mut matrix = format!("{:<18}", "");
    for role in SHIPPED {
        let _ = write!(matrix, "{:>20}", role.name);
    }
    for of in TYPES.iter().filter(|of| !of.is_subrecord()) {
        let _ = write!(matrix, "\n{:<18}", of.name);
        for role in SHIPPED {
            let holds = |operation: Operation| {
                role.permissions
                    .iter()
                    .any(|(what, on)| (what.is_empty() || *what == operation.name()) && (on.is_empty() || *on == of.name))
            };
            let letters: String = Operation::ALL
                .map(|operation| if holds(operation) { operation.name().chars().next().unwrap_or('-') } else { '-' })
                .iter()
                .collect();
            let _ = write!(matrix, "{letters:>20}");
        }
    }
    insta::assert_snapshot!("rights", matrix);
}
