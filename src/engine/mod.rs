//! The engine: one loop over one closed enum of events, the only owner of every live execution's state.

mod nursery;
pub mod output;
pub mod slot;
pub mod state;
pub mod zygote;
