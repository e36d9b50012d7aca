//! What crosses the border between `dispatch`, `web` and the binary: commands in, events out, and the ports that the binary
//! implements with `recordings`. These types also are the API's JSON; the domain's own types stay behind them.

mod command;
mod event;
mod ports;
mod save;
mod view;

pub use command::*;
pub use event::*;
pub use ports::*;
pub use save::*;
pub use view::*;
