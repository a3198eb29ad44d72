// machines.ts: which machine lies on the desk: a recorded boot, a preset, an example of before memblock, a log of one's own.
import { CAPTURES, FIRST, fetchCapture } from "./captures";
import { byId, h } from "./dom";
import type { Outcome, Refusal } from "./loader";
import { t } from "./locale";
import { message, type Page } from "./page";

const FALLBACK_PRESET = "qemu-1g";
const EXAMPLES = ["sixteen-pages", "sixteen-pages-lower", "bootmem-64M"] as const; // scripts of examples.ts

export class Machines {
  private readonly select = byId<HTMLSelectElement>("machine");
  private chosen: string = FIRST;
  private own: (() => Promise<Outcome>) | null = null; // the log of one's own, or a link's script, that was played last

  constructor(
    private readonly page: Page,
    private readonly later: MmscopeLater,
  ) {
    const presets = JSON.parse(later.presets()) as { name: string; title: string }[];
    this.select.replaceChildren(
      h(
        "optgroup",
        { label: t("machine.capture") },
        ...CAPTURES.map((name) => h("option", { value: name }, t(`machine.${name}`))),
      ),
      h(
        "optgroup",
        { label: t("machine.presets") },
        ...presets.map((p) => h("option", { value: p.name }, p.title || p.name)),
      ),
      h(
        "optgroup",
        { label: t("machine.examples") },
        ...EXAMPLES.map((name) => h("option", { value: name }, t(`machine.${name}`))),
      ),
    );
    this.select.addEventListener("change", () => void this.choose(this.select.value).then((failed) => message(failed)));
  }

  /** The name of a recorded boot or of a preset, or "yours". */
  get current(): string {
    return this.chosen;
  }

  /** Null when it is on the desk, else why not. */
  async choose(name: string): Promise<string | null> {
    if (name === "yours") return this.own ? this.put(this.own, name) : null;
    if (EXAMPLES.some((known) => known === name)) return this.example(name);
    if (!CAPTURES.some((known) => known === name)) return this.put(() => this.preset(name), name);
    try {
      const bytes = await fetchCapture(name);
      return await this.put(() => this.page.loader.log(bytes), name);
    } catch (error) {
      this.select.value = this.chosen;
      return t("failed.capture-only", { reason: String(error instanceof Error ? error.message : error) });
    }
  }

  /** Null, or why the log was refused. */
  playLog(bytes: Uint8Array, name: string): Promise<string | null> {
    return this.playOwn(() => this.page.loader.log(bytes), name);
  }

  /** Null, or why the script was refused. */
  playScript(text: string, title: string): Promise<string | null> {
    return this.playOwn(this.script(text, title), title);
  }

  get examples(): readonly string[] {
    return EXAMPLES;
  }

  get names(): string[] {
    return [...this.select.options].map((option) => option.value).filter((name) => name !== "yours");
  }
  has(name: string): boolean {
    return this.names.includes(name);
  }

  private async playOwn(load: () => Promise<Outcome>, name: string): Promise<string | null> {
    const refused = await this.put(load, "yours");
    if (refused === null) {
      this.own = load;
      this.option("yours").textContent = this.page.story?.title || name;
      this.select.value = "yours";
    }
    return refused;
  }

  /** The recorded boot did not come: a preset takes its place. */
  async instead(reason: string): Promise<void> {
    await this.put(() => this.preset(FALLBACK_PRESET), FALLBACK_PRESET);
    message(t("failed.capture", { reason }));
  }

  private async example(name: string): Promise<string | null> {
    try {
      const { SCRIPTS } = await import("./examples");
      return await this.put(this.script(SCRIPTS[name] ?? "", t(`machine.${name}`)), name);
    } catch (error) {
      this.select.value = this.chosen;
      return t("failed.capture-only", { reason: String(error instanceof Error ? error.message : error) });
    }
  }

  private script(text: string, title: string): () => Promise<Outcome> {
    const load = () => {
      const { ok, line, reason } = JSON.parse(this.later.loadScript(text, title)) as Refusal & { ok: boolean };
      return ok || t("link.script-line", { line, reason });
    };
    return () => this.page.loader.script(load);
  }

  private preset(name: string): Promise<Outcome> {
    return this.page.loader.script(() => this.later.loadPreset(name) || name);
  }

  private option(value: string): HTMLOptionElement {
    let option = this.select.querySelector<HTMLOptionElement>(`option[value="${value}"]`);
    if (!option) {
      option = h("option", { value });
      this.select.prepend(option);
    }
    return option;
  }

  private async put(load: () => Promise<Outcome>, name: string): Promise<string | null> {
    const failed = await this.page.put(load);
    if (failed === null) this.chosen = name;
    this.select.value = this.chosen;
    return failed;
  }
}
