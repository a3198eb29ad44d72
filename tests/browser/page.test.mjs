// The first page, as a person uses it: steps, goes back, finds things by role and name, plays another log.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { capture, close, open, sentence, settled, start, table, where } from "./lab.mjs";

let site;
before(async () => {
  site = await start();
});
after(() => site?.stop());

test("opens at the boot of the 1 GiB capture, with memory as the firmware describes it", async () => {
  const page = await open(site);
  assert.match(await where(page), /^call 17 of \d+$/);
  assert.match(await sentence(page), /usable range .* memblock\.memory: 1023\.5 MiB/);
  const memory = await table(page, "memory");
  assert.deepEqual(
    memory.map((row) => row.slice(0, 4)),
    [
      ["0", "0x00001000", "0x0009efff", "632 KiB"],
      ["1", "0x00100000", "0x3ffdffff", "1022.9 MiB"],
    ],
  );
  await close(page);
});

test("steps to the handoff, finds a free block by role and name, and goes back", async () => {
  const page = await open(site);
  const shown = page.locator("#table-panel");
  assert.match((await shown.textContent()) ?? "", /memblock\.memory/);
  await page.getByRole("tab", { name: /^free lists 0$/ }).click();
  assert.match((await shown.textContent()) ?? "", /empty until memblock_free_all/);

  await page.getByRole("button", { name: "To the handoff" }).click();
  const handoff = await where(page);
  assert.match(await sentence(page), /buddy allocator: [\d\s]+ blocks/);
  const block = page.getByRole("button", { name: /^free block pfn 0x[0-9a-f]+ order 10 Movable zone DMA32$/ });
  await block.first().waitFor();
  assert.ok((await block.count()) > 3);
  const lists = await table(page, "free lists");
  assert.ok(lists.some((row) => row[1] === "DMA32" && row[2] === "10" && row[3] === "Movable" && Number(row[4]) > 10));

  await page.getByRole("button", { name: "Back", exact: true }).click();
  assert.notEqual(await where(page), handoff);
  await page.getByRole("tab", { name: /^free lists 0$/ }).waitFor();
  await page.getByRole("button", { name: "all lists empty" }).waitFor({ state: "detached" });
  assert.equal(await block.count(), 0);

  await page.getByRole("button", { name: "Step", exact: true }).click();
  assert.equal(await where(page), handoff);
  await block.first().waitFor();
  await close(page);
});

test("every prediction of this boot equals the kernel's log, and every byte is accounted for at each step", async () => {
  const page = await open(site);
  const slider = page.getByRole("slider", { name: "Timeline", exact: true });
  const calls = Number(await slider.getAttribute("max"));
  await slider.fill("0");
  for (let call = 1; call <= calls; call++) {
    await page.getByRole("button", { name: "Step", exact: true }).click();
    assert.equal(await where(page), `call ${call} of ${calls}`);
    assert.equal(
      await page.locator(".differs").count(),
      0,
      `call ${call}: ${await page.locator("#story").innerText()}`,
    );
  }
  const rows = await table(page, "predicted and logged");
  assert.ok(rows.length >= 50);
  assert.ok(rows.every((row) => row[6] === "✓ equal"));
  await close(page);
});

test("steps into a call, event by event and block by block, and out again", async () => {
  const page = await open(site);
  await page.getByRole("button", { name: "To the handoff" }).click();
  const whole = await where(page);
  await page.getByRole("combobox", { name: "by" }).selectOption("event");
  await page.getByRole("button", { name: "Back", exact: true }).click();
  assert.match(await where(page), /, event \d+$/);
  await page.getByRole("button", { name: "Step", exact: true }).click();
  assert.equal(await where(page), whole);
  await page.getByRole("combobox", { name: "by" }).selectOption("phase");
  await page.getByRole("button", { name: "Step", exact: true }).click();
  assert.notEqual(await where(page), whole);
  await close(page);
});

test("plays and pauses; a press on the canvas moves the same playhead; nothing is drawn when nothing happens", async () => {
  const page = await open(site);
  const begin = await where(page);
  await page.getByRole("button", { name: "Play", exact: true }).click();
  await page.waitForFunction((text) => document.querySelector("#where").textContent !== text, begin);
  await page.getByRole("button", { name: "Pause" }).click();

  const canvas = page.getByRole("group", { name: "timeline", exact: true });
  await canvas.getByRole("button", { name: /^phase handoff, / }).press("Enter");
  await page.waitForFunction(() => /buddy allocator/.test(document.querySelector("#sentence").textContent));
  const timeline = canvas.getByRole("slider", { name: "timeline of calls" });
  // The canvas says where it stands once it has drawn: the sentence may be there before.
  const said = Number((await where(page)).match(/^call (\d+) /)[1]);
  await page.waitForFunction(
    (n) => document.querySelector('[role=slider][aria-label="timeline of calls"]').getAttribute("aria-valuenow") === n,
    String(said),
  );
  const at = Number(await timeline.getAttribute("aria-valuenow"));
  await timeline.focus();
  await page.keyboard.press("ArrowLeft");
  await page.waitForFunction((n) => document.querySelector("#where").textContent.startsWith(`call ${n} `), at - 1);

  const frames = await settled(page);
  await page.waitForTimeout(700);
  assert.equal(await settled(page), frames);
  await close(page);
});

test("zooms the strip by keyboard: the view says where it is", async () => {
  const page = await open(site);
  const view = page.getByRole("slider", { name: "address strip, part in view" });
  await view.focus();
  assert.match(await view.getAttribute("aria-valuetext"), /^0x0–0x3fffffff, 1 GiB$/);
  await page.keyboard.press("PageUp");
  await page.waitForFunction(() =>
    /512 MiB$/.test(
      document.querySelector('[aria-label="address strip, part in view"]').getAttribute("aria-valuetext"),
    ),
  );
  await page.keyboard.press("Home");
  await page.waitForFunction(() =>
    /1 GiB$/.test(document.querySelector('[aria-label="address strip, part in view"]').getAttribute("aria-valuetext")),
  );
  // A region of the list is a button that brings it into view.
  await page.getByRole("button", { name: /^reserved\[2\] 0x1000000 / }).press("Enter");
  await page.waitForFunction(
    () =>
      !/1 GiB$/.test(
        document.querySelector('[aria-label="address strip, part in view"]').getAttribute("aria-valuetext"),
      ),
  );
  await close(page);
});

async function paste(page, text) {
  await page.getByRole("button", { name: "Paste or drop a log" }).click();
  const dialog = page.getByRole("dialog", { name: "Paste or drop a log" });
  await dialog.getByRole("textbox", { name: "Kernel log (dmesg)" }).fill(text);
  await dialog.getByRole("button", { name: "Boot this log" }).click();
  return dialog;
}

test("pastes another machine's log and reads its zones", async () => {
  const page = await open(site);
  const dialog = await paste(page, capture("x64-6.1-numa2-1g3g"));
  await dialog.waitFor({ state: "hidden" });
  await page.getByRole("button", { name: "To the handoff" }).click();
  const zones = await table(page, "zones");
  assert.deepEqual(
    zones.map((row) => row.slice(0, 2)),
    [
      ["0", "DMA"],
      ["0", "DMA32"],
      ["1", "DMA32"],
      ["1", "Normal"],
    ],
  );
  assert.match(await page.getByRole("combobox", { name: "Machine" }).evaluate((e) => e.selectedOptions[0].text), /\S/);
  assert.equal(await page.locator(".differs").count(), 0);
  await close(page);
});

test("pastes garbage and reads why it cannot be played; the machine before it is still there", async () => {
  const page = await open(site);
  await page.getByRole("button", { name: "To the handoff" }).click();
  const before = await sentence(page);
  const dialog = await paste(page, "this is not\na kernel log\n");
  const alert = dialog.getByRole("alert");
  await alert.waitFor();
  assert.match(await alert.textContent(), /cannot be played.*The machine before it is still there/s);

  // A log that goes wrong on a line names the line.
  const log = capture("x64-6.1-1G").replace("0x000000003ffdffff] usable", "0x7fffffffffffffff] usable");
  const line = log.split("\n").findIndex((text) => text.includes("0x7fffffffffffffff")) + 1;
  await dialog.getByRole("textbox").fill(log);
  await dialog.getByRole("button", { name: "Boot this log" }).click();
  await page.waitForFunction((n) => document.querySelector("#log-error").textContent.includes(`Line ${n}:`), line);

  await dialog.getByRole("button", { name: "Cancel" }).click();
  assert.equal(await sentence(page), before);
  await page.getByRole("button", { name: "Back", exact: true }).click();
  await page.getByRole("button", { name: "Step", exact: true }).click();
  assert.equal(await sentence(page), before);
  await close(page);
});

test("takes a gzipped file, chosen or dropped", async () => {
  const page = await open(site);
  const { readFileSync } = await import("node:fs");
  const { join } = await import("node:path");
  const { root } = await import("./lab.mjs");
  const file = join(root, "tests/data/captures/x64-6.1-512M/dmesg.gz");
  await page.getByRole("button", { name: "Paste or drop a log" }).click();
  await page.getByLabel("Or a file, plain or gzipped").setInputFiles(file);
  await page.getByRole("dialog").waitFor({ state: "hidden" });
  assert.match(await page.locator("#owners").textContent(), /511\.5 MiB ✓/);

  const bytes = [...readFileSync(join(root, "tests/data/captures/x64-6.1-2G/dmesg.gz"))];
  const transfer = await page.evaluateHandle((data) => {
    const dropped = new DataTransfer();
    dropped.items.add(new File([new Uint8Array(data)], "dmesg.gz"));
    return dropped;
  }, bytes);
  await page.dispatchEvent("body", "drop", { dataTransfer: transfer });
  await page.waitForFunction(() => /2047\.5 MiB|2\.0 GiB/.test(document.querySelector("#owners").textContent));
  await close(page);
});

test("boots every preset to its end", async () => {
  const page = await open(site);
  const machines = page.getByRole("combobox", { name: "Machine" });
  const names = await machines.locator("optgroup[label=Presets] option").evaluateAll((all) => all.map((o) => o.value));
  assert.ok(names.length >= 5);
  for (const name of names) {
    const title = await page.locator("#where").textContent();
    await machines.selectOption(name);
    await page.waitForFunction(() => document.querySelector("#busy").hidden, null, { timeout: 60_000 });
    await page.getByRole("button", { name: "To the handoff" }).click();
    await page.waitForFunction(() => /buddy allocator/.test(document.querySelector("#sentence").textContent), null, {
      timeout: 60_000,
    });
    assert.equal(await page.locator("#owners .differs").count(), 0, `${name} (${title})`);
  }
  await close(page);
});
