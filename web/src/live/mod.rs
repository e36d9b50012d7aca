//! Live sockets: what happens, told to the consoles; and a camera's pictures.

mod camera;
mod console;
mod heartbeat;
mod keeper;
mod socket;
mod told;

pub(crate) use camera::show;
pub(crate) use console::run;
pub(crate) use socket::limited;
