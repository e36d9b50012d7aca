// An authority of the tests' own, and a certificate that it signed for a server's address.
import { join } from "node:path";
import { writeFile } from "node:fs/promises";
import { run } from "./program.mjs";

/** Paths of PEM files: `{authority, file, key}`. */
export async function makeCertificate(world, { address }) {
  const at = (name) => join(world.directory, name);
  const openssl = (...args) => run("openssl", "openssl", args, { cwd: world.directory });
  const fresh = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  await openssl("req", "-x509", ...fresh, "-keyout", at("authority.key"), "-out", at("authority.pem"), "-days", "2",
    "-subj", "/CN=Authority of the tests");
  await openssl("req", ...fresh, "-keyout", at("server.key"), "-out", at("server.csr"), "-subj", `/CN=${address}`);
  await writeFile(at("server.ext"), `subjectAltName=IP:${address}\n`);
  await openssl("x509", "-req", "-in", at("server.csr"), "-CA", at("authority.pem"), "-CAkey", at("authority.key"), "-CAcreateserial",
    "-days", "2", "-extfile", at("server.ext"), "-out", at("server.pem"));
  return { authority: at("authority.pem"), file: at("server.pem"), key: at("server.key") };
}
