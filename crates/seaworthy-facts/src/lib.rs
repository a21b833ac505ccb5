//! The facts every collector fills and every rule reads.
