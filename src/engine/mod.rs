//! The engine: one loop over one closed enum of events, the only owner of every live execution's state.

pub mod state;
