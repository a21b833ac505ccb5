//! Rules.

rules![];
