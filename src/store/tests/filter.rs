//! Filters against plain evaluation in memory.
