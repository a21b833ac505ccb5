//! Boots an image and observes how it behaves.
