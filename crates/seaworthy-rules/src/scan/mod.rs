//! Rules over what is known to be wrong with the packages of an image.

mod known_vulnerability;
mod stale_advisories;
mod unjudged_package;

rules![known_vulnerability, stale_advisories, unjudged_package];
