// `./lab test`: builds what each suite needs, runs the suites in order, adds up what they counted.
// The last line of the whole is `N passed, N failed`. A suite that counted nothing has failed.
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));
process.chdir(root);
const node = process.execPath;
const cores = availableParallelism();
const suiteTimeout = 45 * 60_000; // far more than any suite takes: on a slow machine a suite is late, not broken

// ---- running things --------------------------------------------------------------------------------------

const running = new Set();
for (const signal of ["SIGINT", "SIGTERM"])
  process.on(signal, () => {
    for (const child of running) child.kill(signal);
    process.exit(130);
  });

/** Runs a program, shows what it prints (unless quiet) and answers { status, output }. */
function run(command, args, { quiet = false, env = {}, timeout = suiteTimeout } = {}) {
  return new Promise((done) => {
    const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, ...env }, timeout });
    running.add(child);
    let output = "";
    const show = (chunk) => {
      output += chunk;
      if (!quiet) process.stdout.write(chunk);
    };
    child.stdout.setEncoding("utf8").on("data", show);
    child.stderr.setEncoding("utf8").on("data", show);
    child.on("error", (error) => done({ status: 127, output: `${output}${error.message}\n` }));
    child.on("close", (code, signal) => {
      running.delete(child);
      done({ status: code ?? 1, output: signal ? `${output}\nended by ${signal}\n` : output });
    });
  });
}

/** At most `limit` of these at a time. */
function limited(limit) {
  let free = limit;
  const waiting = [];
  return async (work) => {
    if (free === 0) await new Promise((go) => waiting.push(go));
    else free--;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else free++;
    }
  };
}

// ---- counting --------------------------------------------------------------------------------------------

const none = { passed: 0, failed: 0 };
const sum = (...counts) =>
  counts.reduce((a, b) => ({ passed: a.passed + b.passed, failed: a.failed + b.failed }), none);
const fail = (why) => {
  console.log(`FAILED: ${why}`);
  return { passed: 0, failed: 1 };
};
const tests = (folder) =>
  existsSync(folder)
    ? readdirSync(folder)
        .filter((name) => name.endsWith(".test.mjs"))
        .sort()
        .map((name) => join(folder, name))
    : [];

/** A doctest program. One that ends without its closing line has crashed. */
async function doctest(command, args = []) {
  if (!existsSync(args[0] ?? command)) return fail(`${args[0] ?? command} was not built: it has no sources yet`);
  const { status, output } = await run(command, [...args]);
  const line = output.match(/\[doctest\] test cases: +(\d+) \| +(\d+) passed \| +(\d+) failed/);
  if (!line) return fail(`${args[0] ?? command} ended with status ${status} and no count`);
  const counts = { passed: Number(line[2]), failed: Number(line[3]) };
  return status !== 0 && counts.failed === 0 ? sum(counts, fail(`exit status ${status}`)) : counts;
}

/** Files for node's own test runner. */
async function nodeTests(files, { concurrency = cores } = {}) {
  if (files.length === 0) return none;
  const options = ["--test", "--test-reporter=spec", `--test-concurrency=${concurrency}`];
  const { status, output } = await run(node, [...options, ...files], { env: { FORCE_COLOR: "0" } });
  const count = (name) => Number(output.match(new RegExp(`^\\S+ ${name} (\\d+)$`, "m"))?.[1] ?? 0);
  const counts = { passed: count("pass"), failed: count("fail") + count("cancelled") };
  return status !== 0 && counts.failed === 0 ? sum(counts, fail(`node --test: exit status ${status}`)) : counts;
}

// ---- suites ----------------------------------------------------------------------------------------------

async function fuzz() {
  const runs = process.env.FUZZ_RUNS ?? "4000";
  const fuzzers = existsSync("tests/fuzz")
    ? readdirSync("tests/fuzz")
        .filter((name) => /^fuzz_\w+\.cpp$/.test(name))
        .map((name) => name.replace(".cpp", ""))
    : [];
  let counts = none;
  for (const name of fuzzers.sort()) {
    // New inputs go to the first folder; the committed corpus is only read.
    const found = `build/fuzz/found/${name}`;
    mkdirSync(found, { recursive: true });
    const corpus = `tests/fuzz/corpus/${name}`;
    const limits = [`-runs=${runs}`, "-seed=1", "-max_len=65536", "-timeout=10", "-rss_limit_mb=512", "-verbosity=0"];
    const folders = existsSync(corpus) ? [found, corpus] : [found];
    const begun = Date.now();
    const { status, output } = await run(
      `build/fuzz/${name}`,
      [...limits, `-artifact_prefix=build/fuzz/${name}-`, ...folders],
      { quiet: true },
    );
    const seconds = Math.round((Date.now() - begun) / 1000);
    console.log(`${status === 0 ? "ok    " : "FAILED"} ${name}: ${runs} runs in ${seconds} s`);
    if (status !== 0) console.log(output.slice(-6000));
    counts = sum(counts, status === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 });
  }
  return counts;
}

/** Recorded boots that lie beside the checkout (there are more of them than tests/data can hold). */
function recordedBoots() {
  const folder = "../shared";
  const boots = [];
  if (existsSync(`${folder}/captures`))
    for (const name of readdirSync(`${folder}/captures`).sort()) {
      const version = join(folder, "captures", name, "version");
      if (existsSync(version) && /^Linux version 6\.1\.\S*amd64 /.test(readFileSync(version, "utf8")))
        boots.push(join(folder, "captures", name));
    }
  if (existsSync(`${folder}/vectors`))
    for (const name of readdirSync(`${folder}/vectors`).sort())
      if (name.endsWith(".jsonl.gz")) boots.push(join(folder, "vectors", name));
  return boots;
}

async function verifyBoots() {
  const boots = recordedBoots();
  if (boots.length === 0) return none;
  const program = "build/release/mmscope";
  const help = existsSync(program) ? (await run(program, ["help"], { quiet: true })).output : "";
  if (!/\bverify\b/.test(help)) {
    console.log(`SKIPPED: ${boots.length} recorded boots; ${program} has no verify command yet`);
    return none;
  }
  const turn = limited(cores);
  const results = await Promise.all(
    boots.map((boot) =>
      turn(async () => ({ boot, ...(await run(program, ["verify", boot], { quiet: true, timeout: 300_000 })) })),
    ),
  );
  let counts = none;
  for (const { boot, status, output } of results) {
    if (status !== 0) console.log(`FAILED verify ${boot} (exit status ${status})\n${output.slice(-3000)}`);
    counts = sum(counts, status === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 });
  }
  console.log(`recorded boots: ${counts.passed} of ${boots.length} equal`);
  return counts;
}

/** Every lesson, played right and wrong by the core. */
async function lessons() {
  const { output } = await run("build/release/mmscope", ["lessons", "check"]);
  const count = (word) => output.split("\n").filter((line) => line.startsWith(word)).length;
  return sum({ passed: count("ok "), failed: count("FAILED ") }, count("ok ") ? none : fail("no lesson passed"));
}

const suites = {
  structure: { builds: [], run: () => nodeTests(tests("tests/structure")) },
  native: { builds: ["dev"], run: () => doctest("build/dev/mmscope_tests") },
  wasm: {
    builds: ["web"],
    run: async () =>
      sum(await doctest(node, ["build/web/node/mmscope_tests.js"]), await nodeTests(tests("tests/structure/dist"))),
  },
  fidelity: {
    builds: ["release"],
    run: async () =>
      sum(
        await doctest("build/release/mmscope_fidelity"),
        await lessons(),
        await nodeTests(tests("tests/fidelity")),
        await verifyBoots(),
      ),
  },
  fuzz: { builds: ["fuzz"], run: fuzz },
  browser: {
    builds: ["web", "release"],
    // A browser is several processes, and so is a test: one less than there are cores, and two at least.
    run: () => nodeTests(tests("tests/browser"), { concurrency: Math.max(2, cores - 1) }),
  },
};

// ---- all of it -------------------------------------------------------------------------------------------

const chosen = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(suites);
for (const name of chosen)
  if (!(name in suites)) {
    console.error(`test: no suite '${name}'; there are: ${Object.keys(suites).join(" ")}`);
    process.exit(2);
  }

// Builds begin at once, in the order in which suites need them, a few at a time; suites wait for theirs.
const builders = Math.max(1, cores >> 1);
const turn = limited(builders);
const builds = new Map();
for (const name of chosen)
  for (const preset of suites[name].builds)
    if (!builds.has(preset))
      builds.set(
        preset,
        turn(() => run("./lab", ["build", preset], { env: { JOBS: String(Math.ceil(cores / builders)) } })),
      );

const results = [];
for (const name of chosen) {
  const begun = Date.now();
  const broken = [];
  for (const preset of suites[name].builds) if ((await builds.get(preset)).status !== 0) broken.push(preset);
  console.log(`\n==== ${name} ====`);
  let counts;
  try {
    counts = broken.length ? fail(`the build '${broken.join("', '")}' failed, see above`) : await suites[name].run();
  } catch (error) {
    counts = fail(error.stack);
  }
  if (counts.passed + counts.failed === 0) counts = fail(`the suite '${name}' ran no test`);
  results.push({ name, ...counts, seconds: (Date.now() - begun) / 1000 });
  console.log(`${name}: ${counts.passed} passed, ${counts.failed} failed in ${results.at(-1).seconds.toFixed(1)} s`);
}

console.log("\nsuite        passed  failed   seconds");
for (const { name, passed, failed, seconds } of results)
  console.log(
    `${name.padEnd(10)} ${String(passed).padStart(8)}${String(failed).padStart(8)}${seconds.toFixed(1).padStart(10)}`,
  );
const total = sum(...results);
console.log(`${total.passed} passed, ${total.failed} failed`);
process.exitCode = total.failed ? 1 : 0;
