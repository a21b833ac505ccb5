//! Rules over compose files.

mod docker_socket_mount;
mod internal_network_with_ports;
mod invalid_compose;
mod literal_secret;
mod missing_resource_limit;
mod mutable_image_tag;
mod obsolete_version_key;
mod privileged_service;
mod published_on_all_interfaces;
mod tmpfs_exec;
mod unhardened_service;

rules![
    invalid_compose,
    obsolete_version_key,
    published_on_all_interfaces,
    unhardened_service,
    privileged_service,
    docker_socket_mount,
    mutable_image_tag,
    literal_secret,
    internal_network_with_ports,
    missing_resource_limit,
    tmpfs_exec,
];
