// chromium.mjs: the browser that tests, measurements and screenshots drive: CHROMIUM, or Debian's headless shell, which has
// no window of its own to draw, or Debian's Chromium.
//
//     chromium.launch({ executablePath, args: [...] })
import { existsSync } from "node:fs";

const installed = ["/usr/bin/chromium-headless-shell", "/usr/bin/chromium"];

export const executablePath = process.env.CHROMIUM ?? installed.find((file) => existsSync(file)) ?? "chromium";
