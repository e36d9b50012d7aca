//! The shapes in which the API and the live events show things. Times are UTC in RFC 3339.

mod alarm;
mod call;
mod caller;
mod camera;
mod directory;
mod incident;
mod person;
mod phone;
mod place;
mod recording;
mod report;
mod text;
mod timeline;
mod trunk;

pub use alarm::*;
pub use call::*;
pub use caller::*;
pub use camera::*;
pub use directory::*;
pub use incident::*;
pub use person::*;
pub use phone::*;
pub use place::*;
pub use recording::*;
pub use report::*;
pub use text::*;
pub use timeline::*;
pub use trunk::*;
