// Checks that every dependency that ships is under a licence that deny.toml allows: the crates by `cargo metadata`, the
// console's npm packages by their lock file. Needs no network and no tool beyond cargo and node.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

const root = new URL("..", import.meta.url).pathname;

/** Licence files of crates whose manifest names no licence: the SHA-256 of what a person has read, and what it was. */
const READ = {
  "0f6d0f81c8c25cd3bebf2a8fa76066a21e7e1978b004e905c2d09c1a743315d2": "WTFPL",
};

/** What deny.toml allows: to all, and to single crates. Enough TOML for a file of our own. */
function rules() {
  const [all, ...single] = readFileSync(`${root}deny.toml`, "utf8").replace(/#.*$/gm, "").split("[[licenses.exceptions]]");
  const strings = (text, key) => {
    const found = text.match(new RegExp(`^${key} = \\[([^\\]]*)\\]`, "m"));
    if (!found) throw new Error(`deny.toml: there is no list '${key}' in:\n${text}`);
    return [...found[1].matchAll(/"([^"]+)"/g)].map(([, item]) => item);
  };
  const crate = (text) => text.match(/^crate = "([^"]+)"/m)?.[1];
  return { all: new Set(strings(all, "allow")), single: new Map(single.map((text) => [crate(text), new Set(strings(text, "allow"))])) };
}

/**
 * Whether an SPDX expression can be satisfied with allowed licences only: OR needs one side, AND both.
 * The old form `MIT/Apache-2.0` means OR.
 */
function satisfied(expression, allowed) {
  const words = expression.replaceAll("/", " OR ").match(/[()]|[^\s()]+/g) ?? [];
  const either = () => {
    let good = both();
    while (words[0] === "OR") {
      words.shift();
      good = both() || good;
    }
    return good;
  };
  const both = () => {
    let good = one();
    while (words[0] === "AND") {
      words.shift();
      good = one() && good;
    }
    return good;
  };
  const one = () => {
    const word = words.shift();
    if (word === "(") {
      const good = either();
      words.shift();
      return good;
    }
    if (words[0] === "WITH") return allowed.has([word, words.shift(), words.shift()].join(" "));
    return allowed.has(word);
  };
  return either();
}

/** Crates of every target platform, development ones included. */
function crates() {
  const json = execFileSync("cargo", ["metadata", "--format-version", "1", "--locked"], {
    cwd: root,
    maxBuffer: 1 << 28,
    stdio: ["ignore", "pipe", "inherit"],
  });
  return JSON.parse(json).packages.map(({ name, version, license, license_file: file, manifest_path: manifest }) =>
    ({ of: "crate", name, version, license: license ?? (file && licenceIn(join(dirname(manifest), file))) }));
}

/** The licence of a file that a person has read; another text, or a changed one, is none. */
function licenceIn(file) {
  return READ[createHash("sha256").update(readFileSync(file)).digest("hex")];
}

/** npm packages that end up in the console; those used only to build and test it are left out. */
function modules() {
  const lock = `${root}web/ui/package-lock.json`;
  if (!existsSync(lock)) return [];
  return Object.entries(JSON.parse(readFileSync(lock, "utf8")).packages)
    .filter(([path, { dev, optional }]) => path !== "" && !dev && !optional)
    .map(([path, { version, license }]) => ({ of: "npm", name: path.replace(/^.*node_modules\//, ""), version, license }));
}

const { all: allowed, single } = rules();
const all = [...crates(), ...modules()];
const excepted = new Set();
const refused = all.filter(({ name, license }) => {
  if (license && satisfied(license, allowed)) return false;
  const exception = single.get(name);
  if (!exception || !license || !satisfied(license, exception)) return true;
  excepted.add(name);
  return false;
});

for (const { of, name, version, license } of refused) {
  console.error(`${of} ${name} ${version}: ${license ?? "no licence that is known"} is not allowed by deny.toml`);
}
const idle = [...single.keys()].filter((name) => !excepted.has(name));
for (const name of idle) console.error(`deny.toml: the exception for ${name} is not needed; remove it`);
console.log(`licences: ${all.length - refused.length} dependencies allowed, ${refused.length} refused`);
process.exitCode = refused.length + idle.length === 0 ? 0 : 1;
