//! Rules over CI workflows: GitHub's and GitLab's.

mod cli;
mod invalid_pipeline;
mod literal_pipeline_secret;
mod mutable_job_image;
mod pipeline;
mod secret_build_argument;
mod shared_tag_from_any_branch;
mod unencrypted_docker_daemon;

rules![
    invalid_pipeline,
    shared_tag_from_any_branch,
    secret_build_argument,
    literal_pipeline_secret,
    unencrypted_docker_daemon,
    mutable_job_image,
];
