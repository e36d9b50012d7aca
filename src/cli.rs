//! The command line.

use clap::{Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Siaga answers a city's 112 calls and gets help moving.
#[derive(Debug, Parser)]
#[command(name = "siaga", version, about)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Takes calls until it is told to stop.
    Serve(At),
    /// Starts everything on loopback with simulated callers, cameras and teams.
    Demo(Demo),
    /// Says whether the settings can be used.
    Check(At),
    /// Adds people who sign in.
    User {
        #[command(subcommand)]
        command: User,
    },
    /// Reads agencies, teams, cameras, incident types or people's skills from a CSV file.
    Import {
        what: What,
        file: PathBuf,
        #[command(flatten)]
        at: At,
    },
    /// Measures on loopback what a server on this machine carries.
    Bench {
        #[command(subcommand)]
        what: Bench,
    },
    /// Prints docs/configuration.md.
    Configuration,
}

/// Which settings.
#[derive(Debug, Clone, clap::Args)]
pub struct At {
    /// The file of settings.
    #[arg(long, default_value = "siaga.toml")]
    pub config: PathBuf,
}

#[derive(Debug, Clone, clap::Args)]
pub struct Demo {
    /// Where the demo keeps its data; it starts anew each time.
    #[arg(long, default_value = ".demo")]
    pub directory: PathBuf,
    /// Port of the console; 0 takes a free one.
    #[arg(long, default_value_t = 8112)]
    pub port: u16,
    /// Port of the page that plays the caller and the field team; 0 takes a free one.
    #[arg(long, default_value_t = 8113)]
    pub scene_port: u16,
    /// The program that plays the cameras.
    #[arg(long, default_value = "tests/peers/rtsp_camera.py")]
    pub camera_program: PathBuf,
}

#[derive(Debug, Subcommand)]
pub enum Bench {
    /// Measures set-ups, recorded conversations and what happens past the limit, each against a server of its own, and prints tables.
    Calls(BenchCalls),
    /// Makes calls that do at random what callers do, and fails if the server keeps anything of them.
    Soak(BenchSoak),
}

#[derive(Debug, Clone, clap::Args)]
pub struct BenchCalls {
    /// Measure only this; may be given more than once.
    #[arg(long, value_enum)]
    pub only: Vec<Measured>,
    /// Set-ups a second.
    #[arg(long, default_value_t = 2_000)]
    pub rate: u32,
    /// How long set-ups are made, and how long conversations are measured.
    #[arg(long, default_value_t = 10)]
    pub seconds: u32,
    /// Conversations at once.
    #[arg(long, default_value_t = 500)]
    pub concurrent: u32,
    /// Conversations at once with operators, each with a WebRTC headset.
    #[arg(long, default_value_t = 100)]
    pub operators: u32,
    /// Callers who wait while others call.
    #[arg(long, default_value_t = 500)]
    pub waiting: u32,
    /// Messages a second that strangers send while others call.
    #[arg(long, default_value_t = 2_000)]
    pub strangers: u32,
    /// SIP address on loopback of a server that runs already; then only set-ups are measured. 127.0.0.1 must be a trunk of it.
    #[arg(long)]
    pub target: Option<std::net::SocketAddr>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Measured {
    Setups,
    /// Set-ups while many wait.
    Crowd,
    /// Set-ups while strangers send as scanners do.
    Flood,
    /// Conversations with telephones.
    Talks,
    /// Conversations with operators.
    Operators,
    /// More calls than there is room for.
    Limit,
}

#[derive(Debug, Clone, clap::Args)]
pub struct BenchSoak {
    /// Calls at once.
    #[arg(long, default_value_t = 100)]
    pub calls: u32,
    #[arg(long, default_value_t = 30)]
    pub minutes: u32,
    /// What the calls do follows from this number.
    #[arg(long, default_value_t = 112)]
    pub seed: u64,
}

#[derive(Debug, Subcommand)]
pub enum User {
    /// Adds a person; the password is read from standard input.
    Add {
        name: String,
        #[arg(long)]
        role: Role,
        /// The name that the console shows; the sign-in name if left out.
        #[arg(long)]
        full_name: Option<String>,
        #[command(flatten)]
        at: At,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Role {
    Operator,
    Supervisor,
    Manager,
    Head,
}

impl From<Role> for dispatch::contract::Role {
    fn from(role: Role) -> Self {
        match role {
            Role::Operator => Self::Operator,
            Role::Supervisor => Self::Supervisor,
            Role::Manager => Self::Manager,
            Role::Head => Self::Head,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum What {
    Agencies,
    Teams,
    Cameras,
    /// What people who are there already can do: columns `username,skills,languages`, lists separated by `;`.
    Skills,
    Types,
}
