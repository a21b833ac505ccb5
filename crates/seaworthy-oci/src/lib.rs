//! OCI references, digests, descriptors, manifests and image configurations, without I/O.
