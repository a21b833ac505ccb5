//! What there is under the names of base images.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The base images of the Dockerfiles, looked up.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BasesFacts {
    /// The platform of this machine, as `os/architecture`: what a build is for when nobody says otherwise.
    pub host: String,
    /// By the name as it stands in the `FROM` line.
    pub images: BTreeMap<String, BaseOffer>,
}

/// What a registry or a layout has under a name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BaseOffer {
    /// Where it was looked up, such as `oci:bases/python` or the name itself.
    pub source: String,
    /// Whether it is an index, of which a build takes the image of its platform, or one image for one platform.
    pub index: bool,
    /// The platforms, as `os/architecture` or `os/architecture/variant`.
    pub platforms: Vec<String>,
    /// Why nothing is known of it; the rest is empty then.
    pub problem: Option<String>,
}
