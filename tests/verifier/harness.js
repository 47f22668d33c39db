/* Runs the verifier of the report over many bundles; used in node and in a page alike.
 * job: {bundles: {name: base64}, flips: [[name, every]], tampers: [base64], own: boolean}
 * A result is 0 (refused, no record named), the number of the record named, or -1 (accepted). */
async function runHarness(verifier, job) {
  const load = (text) => verifier.unbase64(text);
  const outcome = async (bytes) => {
    const found = await verifier.verifyBundle(verifier.bytesSource(bytes), { own: job.own });
    return found.ok ? -1 : found.record ?? 0;
  };
  const result = { flips: {}, tampers: [], bundles: {} };
  for (const [name, text] of Object.entries(job.bundles)) result.bundles[name] = await outcome(load(text));
  for (const [name, every] of job.flips) {
    const bytes = load(job.bundles[name]);
    const list = [];
    for (let at = 0; at < bytes.length; at += every) {
      bytes[at] ^= 1 << (at % 8);
      list.push(await outcome(bytes));
      bytes[at] ^= 1 << (at % 8);
    }
    result.flips[name] = list;
  }
  for (const text of job.tampers) result.tampers.push(await outcome(load(text)));
  result.ed25519 = [];
  for (const [key, signature, message] of job.ed25519 ?? []) {
    const verify = await verifier.ed25519(verifier.unhex(key), job.own);
    result.ed25519.push(verify === null ? null : await verify(verifier.unhex(signature), verifier.unhex(message)));
  }
  result.canonical = (job.canonical ?? []).map((text) => {
    try { verifier.canonical(load(text)); return true; } catch (error) { if (error instanceof verifier.Refused) return false; throw error; }
  });
  return result;
}
if (typeof require === "function" && typeof module === "object" && require.main === module) {
  const fs = require("fs");
  const job = JSON.parse(fs.readFileSync(process.argv[3], "utf-8"));
  runHarness(require(process.argv[2]), job).then((result) => process.stdout.write(JSON.stringify(result)));
}
