// compare_chooser.ts: which machines stand beside each other: one card a machine, and what all that are made up share.
import { CAPTURES } from "./captures";
import type { Chosen } from "./compare_link";
import type { Build, Choices } from "./compare_state";
import { byId, h } from "./dom";
import type { OwnMachine } from "./link_state";
import { t } from "./locale";
import { bytes } from "./units";

const MIB = 1 << 20;
const RAM = [128, 256, 512, 1024, 2048, 4096, 8192, 16_384, 65_536]; // MiB
const CPUS = [1, 2, 4, 8, 16, 64];
const PARAMETERS = [
  "mem=512M",
  "movablecore=256M",
  "kernelcore=512M",
  "memmap=64M$256M",
  "numa=fake=2",
  "hugepages=64",
];

export interface Selection {
  machines: Chosen[];
  ram: number; // MiB
  cpus: number;
}

export const LETTERS = "ABCDE";

export function buildName({ arch, era, flavour }: Build): string {
  return t("compare.build", { arch, era, flavour: flavour.replace(/^-/, "") || arch });
}

export class Chooser {
  private selection: Selection = { machines: [], ram: 1024, cpus: 1 };
  private readonly cards = byId("cards");
  private readonly ram = byId<HTMLSelectElement>("ram");
  private readonly cpus = byId<HTMLSelectElement>("cpus");
  private readonly add = byId<HTMLButtonElement>("add-machine");

  /** `change` is told what is wanted now; `own` asks for a log or script and answers with null if there is none. */
  constructor(
    private readonly choices: Choices,
    private readonly change: (wanted: Selection) => void,
    private readonly own: () => Promise<OwnMachine | null>,
  ) {
    byId("parameter-list").append(...PARAMETERS.map((value) => h("option", { value })));
    const shared = (key: "ram" | "cpus") => () => this.want({ [key]: Number(this[key].value) });
    this.ram.addEventListener("change", shared("ram"));
    this.cpus.addEventListener("change", shared("cpus"));
    this.add.addEventListener("click", () => {
      const machines = [...this.selection.machines, this.another()];
      this.want({ machines });
    });
  }

  /** Two machines of one era whose architectures lie far apart. */
  start(): Selection {
    const { builds } = this.choices;
    const of = (era: string) => builds.filter((build) => build.era === era);
    const kinds = (era: string) => new Set(of(era).map(({ arch }) => arch)).size;
    // The youngest of those that have most.
    const era = [...new Set(builds.map((build) => build.era))].reduce((a, b) => (kinds(b) >= kinds(a) ? b : a), "");
    const pair = [of(era)[0], of(era).at(-1)];
    const machines = pair.flatMap((build) => (build ? [{ build: build.release, parameters: "" }] : []));
    return { machines, ram: 1024, cpus: 1 };
  }

  show(selection: Selection): void {
    this.selection = selection;
    options(this.ram, RAM, selection.ram, (n) => bytes(n * MIB));
    options(this.cpus, CPUS, selection.cpus, String);
    const focused = document.activeElement?.id;
    this.cards.replaceChildren(...selection.machines.map((machine, i) => this.card(machine, i)));
    this.add.disabled = selection.machines.length >= this.choices.machines;
    if (focused) document.getElementById(focused)?.focus();
  }

  private want(part: Partial<Selection>): void {
    this.change({ ...this.selection, ...part });
  }
  private replace(i: number, machine: Chosen): void {
    this.want({ machines: this.selection.machines.map((one, at) => (at === i ? machine : one)) });
  }

  /** A build that is not there yet. */
  private another(): Chosen {
    const there = new Set(this.selection.machines.flatMap((m) => ("build" in m ? [m.build] : [])));
    const build = this.choices.builds.find(({ release }) => !there.has(release)) ?? this.choices.builds[0];
    return { build: build?.release ?? "", parameters: "" };
  }

  private card(machine: Chosen, i: number): HTMLElement {
    const letter = LETTERS[i] ?? "";
    const select = this.kinds(machine, i);
    select.addEventListener("change", async () => {
      const { value } = select;
      if (value === "own") {
        const own = await this.own();
        if (own) this.replace(i, own);
        else this.show(this.selection);
      } else if (value.startsWith("build:")) {
        const parameters = "build" in machine ? machine.parameters : "";
        this.replace(i, { build: value.slice(6), parameters });
      } else this.replace(i, { name: value });
    });
    const card = h("fieldset", { class: "card" }, h("legend", {}, t("compare.machine", { letter })), select);
    if ("build" in machine) card.append(this.parameters(machine, i));
    if (this.selection.machines.length > 1) {
      const remove = h("button", { type: "button", id: `remove-${i}` }, t("compare.remove", { letter }));
      remove.addEventListener("click", () => {
        this.want({ machines: this.selection.machines.filter((_, at) => at !== i) });
        this.add.focus(); // the button is gone
      });
      card.append(remove);
    }
    return card;
  }

  private kinds(machine: Chosen, i: number): HTMLSelectElement {
    const { builds, presets } = this.choices;
    const value = "build" in machine ? `build:${machine.build}` : "name" in machine ? machine.name : "kept";
    const option = (of: string, text: string) => h("option", { value: of, selected: of === value }, text);
    return h(
      "select",
      { id: `kind-${i}`, "aria-label": t("compare.machine", { letter: LETTERS[i] ?? "" }) },
      ...("script" in machine ? [option("kept", machine.title || t("machine.yours"))] : []),
      h(
        "optgroup",
        { label: t("compare.made-up") },
        ...builds.map((build) => option(`build:${build.release}`, buildName(build))),
      ),
      h("optgroup", { label: t("machine.capture") }, ...CAPTURES.map((name) => option(name, t(`machine.${name}`)))),
      h("optgroup", { label: t("machine.presets") }, ...presets.map(({ name, title }) => option(name, title || name))),
      option("own", t("compare.own")),
    );
  }

  private parameters(machine: { build: string; parameters: string }, i: number): HTMLElement {
    const input = h("input", {
      id: `parameters-${i}`,
      class: "mono",
      type: "text",
      list: "parameter-list",
      maxlength: this.choices.text,
      autocomplete: "off",
      spellcheck: "false",
      value: machine.parameters,
    });
    input.addEventListener("change", () => this.replace(i, { build: machine.build, parameters: input.value.trim() }));
    return h("label", {}, h("span", {}, t("compare.parameters")), input);
  }
}

/** These, and the one that is chosen, in order. */
function options(select: HTMLSelectElement, all: number[], value: number, text: (n: number) => string): void {
  const values = [...new Set([...all, value])].sort((a, b) => a - b);
  select.replaceChildren(...values.map((n) => h("option", { value: n, selected: n === value }, text(n))));
}
