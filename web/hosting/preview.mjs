// preview.mjs: an author's lesson, checked and compiled whenever its folder changes, for `./lab serve --lesson DIR`.
//
//   const preview = await startPreview({ folder: "web/lessons/08-the-handoff", root: "dist", say: console.log });
//   serve({ root: "dist", answer: preview.answer })
//
// It answers for what it knows better than the built page: the lesson's files, the list of lessons, and
//   preview.json   { "folder", "version", "steps": ["lists", …, "exercise"], "problems": ["FILE:LINE:COLUMN: REASON", …] }
// which a page asks for when it says <meta name="preview">; and this server's pages do (web/page/preview.ts). A lesson that
// cannot be played just now is shown as it was when it last could.
import { existsSync } from "node:fs";
import { readdir, readFile, stat } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { checkLesson, problemText } from "./lesson_check.mjs";

/** The folder is looked at so often; that works on every file system and with every editor. */
const LOOK_MS = 250;

async function fingerprint(folder) {
  const names = (await readdir(folder).catch(() => [])).filter((name) => /\.(json|md)$/.test(name)).sort();
  const seen = await Promise.all(
    names.map(async (name) => {
      const { mtimeMs, size } = await stat(join(folder, name)).catch(() => ({}));
      return `${name} ${mtimeMs} ${size}`;
    }),
  );
  return seen.join("\n");
}

function stepsOf({ files }) {
  const { steps, exercise } = JSON.parse(files["lesson.json"]);
  return [...steps.map(({ id }) => id), ...(exercise ? ["exercise"] : [])];
}

export async function startPreview({ folder, root, say }) {
  if (!existsSync(join(folder, "lesson.json"))) throw new Error(`${folder} has no lesson.json`);
  const name = basename(resolve(folder));
  const state = { folder: name, version: 0, steps: [], problems: [] };
  let shown = null;

  async function renew() {
    const { problems, summary, made } = await checkLesson(folder);
    if (made) {
      shown = made;
      state.steps = stepsOf(made);
    }
    state.problems = problems.map(problemText);
    state.version++;
    for (const problem of state.problems) say(problem);
    if (summary && (problems.length === 0 || !summary.startsWith("ok "))) say(summary);
  }

  /** The text that stands for a file of the page, or null. */
  async function answer(path) {
    if (path === "/preview.json") return JSON.stringify(state);
    const file = join(root, path.endsWith("/") ? `${path}index.html` : path);
    if (file.endsWith(".html") && existsSync(file))
      return (await readFile(file, "utf8")).replace("</head>", '<meta name="preview" content="on"></head>');
    if (!shown) return null;
    if (path === "/lessons/index.json") {
      const built = JSON.parse(await readFile(join(root, path), "utf8"));
      const others = built.filter((entry) => entry.folder !== name && entry.id !== shown.entry.id);
      return JSON.stringify([...others, shown.entry]);
    }
    return shown.files[path.match(/^\/lessons\/([^/]+)\/([^/]+)$/)?.[1] === name ? basename(path) : ""] ?? null;
  }

  let known = await fingerprint(folder);
  await renew();
  let timer;
  let stopped = false;
  const look = async () => {
    const now = await fingerprint(folder);
    if (now !== known) {
      known = now;
      await renew().catch((error) => say(error.message));
    }
    if (!stopped) timer = setTimeout(look, LOOK_MS); // it may have been stopped while it looked
  };
  timer = setTimeout(look, LOOK_MS);
  const stop = () => {
    stopped = true;
    clearTimeout(timer);
  };
  return { answer, stop };
}
