// The page as it was looked at and found good, compared pixel by pixel with a tolerance: fonts and software rendering
// differ a little between machines. UPDATE_GOLDEN=1 takes new pictures, to be looked at before they are committed.
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import pixelmatch from "pixelmatch";
import { PNG } from "pngjs";
import { close, open, root, screenshots, settled, start } from "./lab.mjs";

const golden = join(root, "tests/data/golden");
const tolerated = 0.015; // of all pixels
let site;
before(async () => {
  site = await start();
});
after(() => site.stop());

const seek = (page, call) =>
  page.getByRole("slider", { name: "Timeline", exact: true }).evaluate((slider, value) => {
    slider.value = value;
    slider.dispatchEvent(new Event("input", { bubbles: true }));
  }, String(call));

for (const theme of ["dark", "light"])
  for (const [name, call, viewport] of [
    ["sparse", 35, { width: 1280, height: 800 }],
    ["handoff", 82, { width: 1280, height: 800 }],
    ["phone", 82, { width: 390, height: 844 }],
  ])
    test(`${name} in the theme ${theme} looks as it did`, async () => {
      const page = await open(site, { viewport, colorScheme: theme, reducedMotion: "reduce" });
      await seek(page, call);
      await settled(page);
      const shot = PNG.sync.read(await page.screenshot());
      const file = `${name}-${theme}.png`;
      if (process.env.UPDATE_GOLDEN) {
        mkdirSync(golden, { recursive: true });
        writeFileSync(join(golden, file), PNG.sync.write(shot, { deflateLevel: 9 }));
      }
      assert.ok(existsSync(join(golden, file)), `${file} is not there: take it with UPDATE_GOLDEN=1`);
      const good = PNG.sync.read(readFileSync(join(golden, file)));
      assert.deepEqual([shot.width, shot.height], [good.width, good.height]);
      const difference = new PNG({ width: good.width, height: good.height });
      const pixels = pixelmatch(good.data, shot.data, difference.data, good.width, good.height, { threshold: 0.2 });
      const part = pixels / (good.width * good.height);
      if (part > tolerated) writeFileSync(join(screenshots, `different-${file}`), PNG.sync.write(difference));
      assert.ok(
        part <= tolerated,
        `${(part * 100).toFixed(2)} % of the pixels differ: build/screenshots/different-${file}`,
      );
      await close(page);
    });
