//! One integration binary; one module per subject.

mod flows;
mod server;
