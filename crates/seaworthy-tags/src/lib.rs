//! The tag and label rules of `docker/metadata-action`: an event of a repository and a few lines of rules in, tags,
//! labels and annotations out. Nothing is read and nothing is sent; whoever calls brings the event and the clock.
//!
//! [`evaluate`] gives what the action gives, tags included that no registry accepts; [`Metadata::invalid`] names those
//! with the rule that made them, so that a caller can refuse them.

mod collate;
mod csv;
mod error;
mod evaluate;
mod event;
mod flavor;
mod image;
mod inputs;
mod js;
mod metadata;
mod moment;
mod pattern;
mod pep440;
mod rule;
mod semver;
mod template;

pub use error::Error;
pub use evaluate::evaluate;
pub use event::{Context, Event, Repository};
pub use flavor::{Flavor, Latest};
pub use image::{Image, images};
pub use inputs::{Inputs, list};
pub use metadata::{InvalidTag, Metadata, Value, Version, problem};
pub use rule::{Kind, Rule, rules};
pub use template::is_raw_statement;
