//! The client against registries on loopback: one that misbehaves on purpose, and one made of canned answers.

#[cfg(test)]
mod canned;
#[cfg(test)]
mod faults;
