//! Publishes, signs, attests and verifies images.
