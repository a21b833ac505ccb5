//! Rules that compare a claim with what is true.

mod development_dependency;
mod dockerfile_drift;
mod label_revision_mismatch;
mod lockfile_mismatch;
mod lost_file_capability;
mod size_claim;
mod undescribed_layer;

rules![
    size_claim,
    label_revision_mismatch,
    dockerfile_drift,
    undescribed_layer,
    lost_file_capability,
    lockfile_mismatch,
    development_dependency,
];
