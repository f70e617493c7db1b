//! MiniStack, an AWS double by somebody else: one server, started for one test and gone with it, and accounts that are
//! set up with the real CLI, as a person would.

use super::clis::Cli;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use why403::sandbox::scenario::CliVersion;

const READY_WITHIN: Duration = Duration::from_secs(60);

/// What a program needs of this process's environment to run at all.
const KEPT: [&str; 5] = ["PATH", "LANG", "PYENV_ROOT", "PYENV_VERSION", "VIRTUAL_ENV"];

/// The services that have an endpoint variable of their own.
const SERVICES: [&str; 7] = ["S3", "S3_CONTROL", "STS", "IAM", "KMS", "EC2", "ORGANIZATIONS"];

/// A running server. Stopped when this is dropped, by a panic too.
pub struct MiniStack {
    process: Child,
    url: String,
    cli: Cli,
    directory: TempDir,
}

/// An access key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    pub id: String,
    pub secret: String,
}

impl Key {
    /// MiniStack takes a key id of 12 digits for the root user of the account of that number.
    pub fn root(account: &str) -> Self {
        Self { id: account.to_owned(), secret: "test".to_owned() }
    }
}

/// Where the program is. In CI it has to be; elsewhere a missing one is said loudly.
fn program() -> Option<PathBuf> {
    let default = || Path::new(env!("CARGO_MANIFEST_DIR")).join(".venv/ministack/bin/ministack");
    let program = std::env::var_os("WHY403_TEST_MINISTACK").map_or_else(default, PathBuf::from);
    if program.is_file() {
        return Some(program);
    }
    assert!(std::env::var_os("CI").is_none(), "MiniStack is not at {}", program.display());
    eprintln!("SKIPPED: MiniStack is not at {}", program.display());
    None
}

impl MiniStack {
    /// Starts one and waits until it answers; `None` where there is none to start.
    pub fn start(cli: Cli) -> Option<Self> {
        let program = program()?;
        for _ in 0..5 {
            if let Some(server) = Self::try_start(&program, &cli) {
                return Some(server);
            }
        }
        panic!("MiniStack did not start on any of five ports");
    }

    /// `None` where somebody else took the port in the meantime.
    fn try_start(program: &Path, cli: &Cli) -> Option<Self> {
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name);
        std::fs::create_dir_all(at("home")).unwrap();
        std::fs::create_dir_all(at("work")).unwrap();
        let log = std::fs::File::create(at("log")).unwrap();
        let mut command = cleared(program);
        command
            .env("AUTH", "true")
            .env("BIND_HOST", "127.0.0.1")
            .env("GATEWAY_PORT", port.to_string())
            .env("HOME", at("home"))
            .env("TMPDIR", directory.path())
            .env("S3_DATA_DIR", at("s3"))
            .env("STATE_DIR", at("state"))
            // It stops the containers that it takes for its own; on a developer's machine it shall find none.
            .env("DOCKER_HOST", "unix:///nonexistent/docker.sock")
            .current_dir(directory.path())
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log);
        let process = command.spawn().unwrap();
        let mut server = Self { process, url: format!("http://127.0.0.1:{port}"), cli: cli.clone(), directory };
        server.wait(port).then_some(server)
    }

    fn wait(&mut self, port: u16) -> bool {
        let started = Instant::now();
        while !answers(port) {
            if self.process.try_wait().unwrap().is_some() {
                eprintln!("MiniStack ended: {}", self.log());
                return false;
            }
            assert!(started.elapsed() < READY_WITHIN, "MiniStack does not answer: {}", self.log());
            std::thread::sleep(Duration::from_millis(50));
        }
        // The one that answers has to be this one.
        self.process.try_wait().unwrap().is_none()
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.directory.path().join("log")).unwrap_or_default()
    }

    /// Where commands run.
    pub fn work(&self) -> PathBuf {
        self.directory.path().join("work")
    }

    /// A program in surroundings that point at this server, signed by `key`.
    pub fn command(&self, program: &Path, key: Option<&Key>) -> Command {
        let home = self.directory.path().join("home");
        let mut command = cleared(program);
        command
            .env("PATH", format!("{}:{}", self.cli.directory.display(), std::env::var("PATH").unwrap()))
            .env("HOME", &home)
            .env("AWS_CONFIG_FILE", home.join(".aws/config"))
            .env("AWS_SHARED_CREDENTIALS_FILE", home.join(".aws/credentials"))
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("AWS_DEFAULT_REGION", "us-east-1")
            .env("AWS_PAGER", "")
            .current_dir(self.work())
            .stdin(Stdio::null());
        // Version 1 has one variable for all services; old releases of version 2 read none, so that there the command
        // line speaks for S3 alone and our own requests to the other services need addresses of their own.
        match self.cli.version {
            CliVersion::V1 => drop(command.env("AWS_ENDPOINT_URL", &self.url)),
            CliVersion::V2 => {
                for service in SERVICES {
                    command.env(format!("AWS_ENDPOINT_URL_{service}"), &self.url);
                }
            }
        }
        if let Some(key) = key {
            command.env("AWS_ACCESS_KEY_ID", &key.id).env("AWS_SECRET_ACCESS_KEY", &key.secret);
        }
        command
    }

    /// The arguments that make this CLI talk to this server.
    pub fn pointed(&self, arguments: &[&str]) -> Vec<String> {
        let mut arguments: Vec<String> = arguments.iter().map(|argument| (*argument).to_owned()).collect();
        if self.cli.version == CliVersion::V2 {
            arguments.extend(["--endpoint-url".to_owned(), self.url.clone()]);
        }
        arguments
    }

    /// Runs the bare CLI.
    pub fn bare(&self, key: Option<&Key>, arguments: &[&str]) -> Output {
        self.command(&self.cli.directory.join("aws"), key).args(self.pointed(arguments)).output().unwrap()
    }

    /// Runs the CLI as an account's root for the set-up, which has to work.
    pub fn set_up(&self, account: &str, arguments: &[&str]) -> String {
        let output = self.bare(Some(&Key::root(account)), arguments);
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{arguments:?} in {account}: {err}\nthe server's log: {}", self.log());
        out.into_owned()
    }

    /// A user with one inline policy (`access`), or none, and an access key.
    pub fn user(&self, account: &str, name: &str, policy: Option<&str>) -> Key {
        self.set_up(account, &["iam", "create-user", "--user-name", name]);
        if let Some(document) = policy {
            self.put_user_policy(account, name, "access", document);
        }
        let wanted = "AccessKey.[AccessKeyId,SecretAccessKey]";
        let arguments = ["iam", "create-access-key", "--user-name", name, "--query", wanted, "--output", "text"];
        let made = self.set_up(account, &arguments);
        let (id, secret) = made.trim().split_once('\t').unwrap();
        Key { id: id.to_owned(), secret: secret.to_owned() }
    }

    pub fn put_user_policy(&self, account: &str, user: &str, name: &str, document: &str) {
        let arguments =
            ["iam", "put-user-policy", "--user-name", user, "--policy-name", name, "--policy-document", document];
        self.set_up(account, &arguments);
    }

    /// A bucket with the given keys, and a policy where one is given.
    pub fn bucket(&self, account: &str, name: &str, keys: &[&str], policy: Option<&str>) {
        self.set_up(account, &["s3api", "create-bucket", "--bucket", name]);
        let source = self.work().join(name);
        std::fs::create_dir(&source).unwrap();
        for key in keys {
            std::fs::write(source.join(key), "content\n").unwrap();
        }
        self.set_up(account, &["s3", "cp", "--recursive", "--quiet", name, &format!("s3://{name}/")]);
        if let Some(document) = policy {
            self.put_bucket_policy(account, name, document);
        }
    }

    pub fn put_bucket_policy(&self, account: &str, bucket: &str, document: &str) {
        self.set_up(account, &["s3api", "put-bucket-policy", "--bucket", bucket, "--policy", document]);
    }

    /// Writes the user's two configuration files.
    pub fn configure(&self, config: &str, credentials: &str) {
        let directory = self.directory.path().join("home/.aws");
        std::fs::create_dir_all(&directory).unwrap();
        std::fs::write(directory.join("config"), config).unwrap();
        std::fs::write(directory.join("credentials"), credentials).unwrap();
    }
}

impl Drop for MiniStack {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

fn cleared(program: &Path) -> Command {
    let mut command = Command::new(program);
    command.env_clear();
    for name in KEPT {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    command
}

/// Whether a MiniStack is ready there.
fn answers(port: u16) -> bool {
    let Ok(mut stream) = TcpStream::connect((Ipv4Addr::LOCALHOST, port)) else { return false };
    let asked = stream.set_read_timeout(Some(Duration::from_secs(2))).and_then(|()| {
        stream.write_all(b"GET /_ministack/health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    });
    let mut answer = Vec::new();
    asked.and_then(|()| stream.read_to_end(&mut answer)).is_ok_and(|_| answer.starts_with(b"HTTP/1.1 200"))
}
