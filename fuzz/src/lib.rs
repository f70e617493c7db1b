//! The modules under test, by their files: all that reads what others wrote, and nothing of the AWS SDK.

#![forbid(unsafe_code)]

#[path = "../../src/ci.rs"]
pub mod ci;
#[path = "../../src/diagnosis.rs"]
pub mod diagnosis;
#[path = "../../src/policy/mod.rs"]
pub mod policy;
#[path = "../../src/recognize/mod.rs"]
pub mod recognize;
#[path = "../../src/render/mod.rs"]
pub mod render;
#[path = "../../src/request/mod.rs"]
pub mod request;
#[path = "../../src/world.rs"]
pub mod world;

/// As much of the network's side as is text.
#[path = "../../src/aws/xml.rs"]
pub mod xml;

/// Lines of the simulator, from a fuzzer's bytes.
#[path = "../../tests/differential/generate.rs"]
pub mod generate;
