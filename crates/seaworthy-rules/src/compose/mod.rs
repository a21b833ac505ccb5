//! Rules over compose files.

mod build_and_image;
mod dangerous_capability;
mod dependency_cycle;
mod dependency_profile;
mod depends_on_started;
mod disabled_security_profile;
mod docker_socket_mount;
mod drive_letter_volume;
mod duplicate_container_name;
mod duplicate_published_port;
mod gpu_request;
mod host_device;
mod host_namespace;
mod internal_network_with_ports;
mod invalid_compose;
mod invalid_container_name;
mod literal_secret;
mod logging_disabled;
mod missing_env_file;
mod missing_project_name;
mod missing_resource_limit;
mod missing_restart_policy;
mod missing_secret_mount;
mod missing_start_period;
mod mutable_image_tag;
mod obsolete_version_key;
mod open_database_network;
mod order;
mod ports;
mod privileged_service;
mod published_on_all_interfaces;
mod quoted_volume;
mod repeated_port_number;
mod root_service;
mod sensitive_host_path;
mod shared_mount_propagation;
pub(crate) mod support;
mod tmpfs_exec;
mod undefined_reference;
mod unhardened_service;
mod unordered_dependencies;
mod unordered_ports;
mod unordered_service_keys;
mod unordered_services;
mod unordered_top_level;
mod unpinned_image_digest;
mod unquoted_port;
mod unreadable_base;
mod unset_variable;
mod unused_build_argument;
mod unwritable_volume;

rules![
    invalid_compose,
    obsolete_version_key,
    published_on_all_interfaces,
    duplicate_published_port,
    duplicate_container_name,
    invalid_container_name,
    undefined_reference,
    dependency_cycle,
    dependency_profile,
    drive_letter_volume,
    unused_build_argument,
    unwritable_volume,
    missing_secret_mount,
    unreadable_base,
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
    missing_start_period,
    missing_restart_policy,
    missing_env_file,
    open_database_network,
    gpu_request,
    unset_variable,
    tmpfs_exec,
    logging_disabled,
    build_and_image,
    repeated_port_number,
    unquoted_port,
    quoted_volume,
    missing_project_name,
    unordered_services,
    unordered_service_keys,
    unordered_dependencies,
    unordered_ports,
    unordered_top_level,
];
