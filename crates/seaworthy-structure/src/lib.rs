//! Files of container-structure-test: what they say, and whether an image keeps it.
//!
//! [`read`] takes a file of either schema, as YAML or JSON, and never fails: what is wrong is noted with its place.
//! [`judge`] holds an image against it. What the image has comes through [`Files`], what its programs do through
//! [`Commands`]; nothing here touches a disk, and no command can run anywhere but where the caller's [`Commands`] runs it.

mod command;
mod expand;
mod judge;
mod license;
mod metadata;
mod mode;
mod model;
mod path;
mod re2;
mod read;
mod view;

pub use command::{Answer, Commands, Request, Run};
pub use expand::expand;
pub use judge::{Caller, Subject, judge};
pub use mode::mode_string;
pub use model::{
    CommandTest, ContentTest, ExistenceTest, Kind, LicenseTest, MetadataTest, Pair, Pattern, RunOptions,
    Schema, Suite, Test, Text,
};
pub use read::read;
pub use view::{Container, Files, Stat};
