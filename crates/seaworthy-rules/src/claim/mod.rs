//! Rules that compare a claim with what is true.

mod development_dependency;
mod dockerfile_drift;
mod label_revision_mismatch;
mod lockfile_mismatch;
mod size_claim;

rules![size_claim, label_revision_mismatch, dockerfile_drift, lockfile_mismatch, development_dependency];
