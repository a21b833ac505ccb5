//! Publishing judged from outside: by cosign, crane, oras and skopeo, through a real registry on loopback.
//!
//! Programs are looked for in `$SEAWORTHY_PEERS/bin`, then on `PATH`; a test whose judge is absent says so and returns.

#[cfg(test)]
mod copy;
#[cfg(test)]
mod cosign;
#[cfg(test)]
mod keyless;
#[cfg(test)]
mod layout;
#[cfg(test)]
mod registry;
#[cfg(test)]
mod support;
