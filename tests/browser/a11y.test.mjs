// axe-core finds nothing, in any theme and any state of the page; what it cannot see, the canvas, is asked of its mirror.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { close, open, root, settled, start } from "./lab.mjs";

const axe = readFileSync(join(root, "node_modules/axe-core/axe.min.js"), "utf8");
let site;
before(async () => {
  site = await start();
});
after(() => site.stop());

async function findings(page) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
  return violations.flatMap((v) => v.nodes.map((n) => `${v.id}: ${n.target.join(" ")} — ${n.failureSummary}`));
}

const states = {
  "at the beginning": async () => {},
  "at the handoff": (page) => page.getByRole("button", { name: "To the handoff" }).click(),
  "with the list of lessons": async (page) => {
    await page.getByRole("button", { name: "Lessons" }).click();
    await page.getByRole("button", { name: "Start: The handoff" }).waitFor();
  },
  "in a lesson": async (page) => {
    await page.getByRole("button", { name: "Lessons" }).click();
    await page.getByRole("button", { name: "Start: The handoff" }).click();
    const side = page.getByRole("tabpanel", { name: "Lesson" });
    await side.getByRole("button", { name: "Next", exact: true }).click();
    await side.getByRole("radio", { name: "Yes" }).check();
    await side.getByRole("button", { name: "Check" }).click();
  },
  "with a log to paste": (page) => page.getByRole("button", { name: "Paste or drop a log" }).click(),
  "with each side": async () => {},
};

for (const theme of ["dark", "light", "contrast"])
  test(`axe finds nothing in the theme ${theme}`, async () => {
    for (const [name, go] of Object.entries(states)) {
      const page = await open(site, { bypassCSP: true });
      await page.getByRole("combobox", { name: "Theme" }).selectOption(theme);
      await go(page);
      if (name === "with each side") {
        for (const tab of await page.locator("#side-tabs [role=tab]").all()) {
          await tab.click();
          assert.deepEqual(await findings(page), [], `${await tab.textContent()} in ${theme}`);
        }
      } else assert.deepEqual(await findings(page), [], `${name} in ${theme}`);
      await close(page);
    }
  });

test("axe finds nothing on a phone", async () => {
  const page = await open(site, { bypassCSP: true, viewport: { width: 390, height: 844 } });
  assert.deepEqual(await findings(page), []);
  await close(page);
});

test("every control has a role and a name and can be reached by Tab, those of the picture too", async () => {
  const page = await open(site);
  await page.getByRole("button", { name: "To the handoff" }).click();
  await settled(page);
  const nameless = await page.evaluate(() =>
    [
      ...document.querySelectorAll(
        "button, input, select, textarea, [role=button], [role=slider], [role=tab], [role=radio]",
      ),
    ]
      .filter((e) => e.checkVisibility())
      .filter((e) => {
        const labels = e.labels ? [...e.labels].map((l) => l.textContent).join("") : "";
        const by = (e.getAttribute("aria-labelledby") ?? "")
          .split(" ")
          .map((id) => document.getElementById(id)?.textContent ?? "");
        return !(e.getAttribute("aria-label") || labels || by.join("") || e.textContent || e.title).trim();
      })
      .map((e) => e.outerHTML.slice(0, 120)),
  );
  assert.deepEqual(nameless, []);
  assert.ok(
    (await page.locator(".mm-canvas [role=button], .mm-canvas button").count()) > 20,
    "the picture's things are there",
  );
  await close(page);
});
