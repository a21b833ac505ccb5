//! Rules over CI workflows.

rules![];
