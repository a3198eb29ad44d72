// A small static server for dist/: right MIME types and the strict headers that a good host sends, so that what works
// here works there.
//
//   node web/hosting/serve.mjs [--port N] [--host ADDR] [--root DIR] [--lesson DIR]
//
// With a lesson it watches that, and its pages show it anew whenever it changes (preview.mjs).
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, normalize, resolve, sep } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";

export const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "worker-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
].join("; ");

const mimeTypes = {
  ".css": "text/css; charset=utf-8",
  ".gz": "application/gzip",
  ".html": "text/html; charset=utf-8",
  ".ico": "image/x-icon",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".map": "application/json",
  ".mjs": "text/javascript; charset=utf-8",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".ttf": "font/ttf",
  ".txt": "text/plain; charset=utf-8",
  ".wasm": "application/wasm",
  ".webmanifest": "application/manifest+json",
  ".woff2": "font/woff2",
};

/** The path that a URL names, from "/" on, or null; it cannot lead out of what it is appended to. */
function pathOf(url) {
  try {
    const path = decodeURIComponent(new URL(url, "http://localhost").pathname);
    return path.includes("\0") ? null : normalize(path);
  } catch {
    return null;
  }
}

// The file that a path names, or null. Nothing outside the root can be named.
async function fileFor(root, path) {
  let file = join(root, path);
  if (file !== root && !file.startsWith(root + sep)) return null;
  let info = await stat(file).catch(() => null);
  if (info?.isDirectory()) {
    file = join(file, "index.html");
    info = await stat(file).catch(() => null);
  }
  return info?.isFile() ? { file, size: info.size } : null;
}

// Serves `root`. A port of 0 is any free one; with `forward`, a taken port moves on to the next.
// `answer(path)` may have a text for a path, which then stands for the file. Answers { url, close }.
export async function serve({ root, host = "127.0.0.1", port = 0, forward = false, headers = {}, answer }) {
  const folder = resolve(root);
  const server = createServer(async (request, response) => {
    const path = pathOf(request.url ?? "/");
    const text = path === null ? null : ((await answer?.(path)) ?? null);
    const found = path === null || text !== null ? null : await fileFor(folder, path);
    response.setHeader("Content-Security-Policy", contentSecurityPolicy);
    response.setHeader("X-Content-Type-Options", "nosniff");
    response.setHeader("Cache-Control", "no-cache");
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    if (request.method !== "GET" && request.method !== "HEAD") {
      response.writeHead(405, { Allow: "GET, HEAD" }).end();
    } else if (text !== null) {
      const body = Buffer.from(text);
      const type = mimeTypes[extname(path)] ?? mimeTypes[".html"];
      response.writeHead(200, { "Content-Type": type, "Content-Length": body.length });
      response.end(request.method === "HEAD" ? undefined : body);
    } else if (!found) {
      response.writeHead(404, { "Content-Type": "text/plain" }).end("not found\n");
    } else {
      const type = mimeTypes[extname(found.file)] ?? "application/octet-stream";
      response.writeHead(200, { "Content-Type": type, "Content-Length": found.size });
      if (request.method === "HEAD") response.end();
      else
        createReadStream(found.file)
          .on("error", () => response.destroy())
          .pipe(response);
    }
  });
  for (let attempt = 0; ; attempt++) {
    try {
      await new Promise((done, failed) => {
        server.once("error", failed);
        server.listen(port ? port + attempt : 0, host, () => {
          server.off("error", failed);
          done();
        });
      });
      break;
    } catch (error) {
      if (error.code !== "EADDRINUSE" || !forward || attempt >= 50) throw error;
    }
  }
  const shown = host.includes(":") ? `[${host}]` : host;
  return {
    url: `http://${shown}:${server.address().port}/`,
    close: () => new Promise((done) => server.close(done).closeAllConnections()),
  };
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  try {
    const { values } = parseArgs({
      options: {
        port: { type: "string", default: "8080" },
        host: { type: "string", default: "127.0.0.1" },
        root: { type: "string", default: process.env.DIST ?? "dist" },
        lesson: { type: "string" },
      },
    });
    const port = Number(values.port);
    if (!Number.isInteger(port) || port < 0 || port > 65485) throw new Error(`not a port: ${values.port}`);
    const { root, host, lesson } = values;
    const preview =
      lesson && (await (await import("./preview.mjs")).startPreview({ folder: lesson, root, say: console.log }));
    const { url } = await serve({ root, host, port, forward: true, answer: preview?.answer });
    console.log(`mmscope is at ${url}${lesson ? "lab.html" : ""}   (Ctrl-C stops it)`);
  } catch (error) {
    console.error(`serve: ${error.message}`);
    process.exitCode = 1;
  }
}
