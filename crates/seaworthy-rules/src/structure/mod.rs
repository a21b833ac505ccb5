//! Rules over what container-structure-test files ask of the image.

mod structure_test_failed;

rules![structure_test_failed];
