//! Rules over compose files.

mod build_and_image;
mod dangerous_capability;
mod depends_on_started;
mod disabled_security_profile;
mod docker_socket_mount;
mod duplicate_container_name;
mod duplicate_published_port;
mod host_device;
mod host_namespace;
mod internal_network_with_ports;
mod invalid_compose;
mod invalid_container_name;
mod literal_secret;
mod logging_disabled;
mod missing_project_name;
mod missing_resource_limit;
mod mutable_image_tag;
mod obsolete_version_key;
mod ports;
mod privileged_service;
mod published_on_all_interfaces;
mod quoted_volume;
mod repeated_port_number;
mod root_service;
mod sensitive_host_path;
mod shared_mount_propagation;
mod support;
mod tmpfs_exec;
mod unhardened_service;
mod unpinned_image_digest;
mod unquoted_port;

rules![
    invalid_compose,
    obsolete_version_key,
    published_on_all_interfaces,
    duplicate_published_port,
    duplicate_container_name,
    invalid_container_name,
    depends_on_started,
    unhardened_service,
    privileged_service,
    host_namespace,
    dangerous_capability,
    disabled_security_profile,
    root_service,
    docker_socket_mount,
    sensitive_host_path,
    host_device,
    shared_mount_propagation,
    mutable_image_tag,
    unpinned_image_digest,
    literal_secret,
    internal_network_with_ports,
    missing_resource_limit,
    tmpfs_exec,
    logging_disabled,
    build_and_image,
    repeated_port_number,
    unquoted_port,
    quoted_volume,
    missing_project_name,
];
