//! The language of GitHub's workflows and actions: [`read`] gives a typed tree with the place of every key and value,
//! [`expr`] the expressions inside of `${{ … }}`, [`events`] and [`permissions`] what the platform knows.
//!
//! Reading never fails: what does not read becomes a located [`Problem`], and the rest is still there. Every step is
//! linear in the size of the file; aliases are followed within a budget.

mod action;
pub mod eval;
mod events;
pub mod expr;
mod job;
mod model;
mod node;
pub mod permissions;
mod reader;
mod text;
mod trigger;
mod uses;

pub use events::{EVENTS, EventKind, event};
pub use model::{
    Action, Concurrency, Condition, Container, Defaults, Entry, Env, Environment, Grant, Grants, Input, Job,
    JobSecrets, Matrix, MatrixRow, Permissions, Problem, ProblemKind, RunsOn, Step, Strategy, Trigger,
    Workflow,
};
pub use node::{Kind, Node, parse};
pub use reader::{read, read_action};
pub use text::{Interpolation, Style, Text};
pub use uses::{Target, Uses};
