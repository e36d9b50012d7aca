//! A private PostgreSQL cluster for one test binary. A shell owns it and holds the other end of a pipe: when this process ends,
//! however it ends, the shell stops the server and removes its files.

use dispatch::clock;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

struct Cluster {
    directory: String,
    /// Its standard input is the pipe.
    _shell: Child,
}

const SCRIPT: &str = r#"
set -e
bin=$1
cd /
directory=$(mktemp -d /tmp/siaga-postgres.XXXXXX)
finish() { "$bin/pg_ctl" -D "$directory/data" -m immediate -w stop >/dev/null 2>&1 || true; rm -rf "$directory"; }
trap finish EXIT
"$bin/initdb" -D "$directory/data" -A trust -U postgres -E UTF8 --locale=C.UTF-8 --no-sync >"$directory/log" 2>&1
"$bin/pg_ctl" -D "$directory/data" -l "$directory/log" -w -t 60 \
    -o "-k $directory -c listen_addresses='' -c fsync=off -c max_connections=400" start >/dev/null
echo "$directory"
cat >/dev/null
"#;

/// A new database of the cluster, as a URL.
pub async fn new_database() -> String {
    static CLUSTER: OnceLock<Cluster> = OnceLock::new();
    // The first caller starts it, and the others wait for it.
    let cluster = tokio::task::spawn_blocking(|| CLUSTER.get_or_init(start)).await.unwrap();
    let url = |database: &str| format!("postgres://postgres@localhost/{database}?host={}", cluster.directory);
    let name = format!("t{}", clock::new_id().simple());
    let mut admin = PgConnection::connect(&url("postgres")).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(format!("CREATE DATABASE {name}"))).execute(&mut admin).await.unwrap();
    url(&name)
}

fn start() -> Cluster {
    let bin = programs();
    // PostgreSQL refuses to run as root.
    let root = std::fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0);
    let mut command = if root { Command::new("runuser") } else { Command::new("sh") };
    if root {
        command.args(["-u", "postgres", "--", "sh"]);
    }
    command.args(["-c", SCRIPT, "sh"]).arg(&bin);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut shell = command.spawn().expect("a shell");
    let mut directory = String::new();
    BufReader::new(shell.stdout.take().unwrap()).read_line(&mut directory).unwrap();
    let directory = directory.trim().to_owned();
    assert!(!directory.is_empty(), "PostgreSQL in {} did not start", bin.display());
    Cluster { directory, _shell: shell }
}

/// Where Debian puts the server's programs; the newest version.
fn programs() -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let with_server = versions.map(|version| version.path().join("bin")).filter(|bin| Path::new(&bin.join("initdb")).exists());
    with_server.max().expect("PostgreSQL is not installed: apt-get install postgresql")
}
