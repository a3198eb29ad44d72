// links.ts: a link to what is on the screen, and back: the address bar's fragment becomes machine, step and view. Whatever
// a fragment holds, the page goes on; what is wrong with it is said once, by name.
import type { Bookmarks } from "./bookmarks";
import { FIRST } from "./captures";
import { byId, h } from "./dom";
import { placeText } from "./goto";
import type { Layout } from "./layout";
import { LinkRefusal, type LinkState, type Place, read, write } from "./link_state";
import { t } from "./locale";
import type { Machines } from "./machines";
import { message, type Page } from "./page";
import { say } from "./say";
import type { Branches } from "./script";

interface View {
  at: Place;
  panel: string;
  focus: string;
  pinned: string;
  axis: [number, number] | null;
  select: string;
}

export class Links {
  private turn = 0;

  constructor(
    private readonly page: Page,
    private readonly later: MmscopeLater,
    private readonly machines: Machines,
    private readonly bookmarks: Bookmarks,
    private readonly layout: Layout,
  ) {
    byId("link").addEventListener("click", () => void this.copy());
    addEventListener("hashchange", () => void this.follow());
  }

  /** Goes where the address bar says. */
  async follow(): Promise<void> {
    if (this.page.locked) return;
    const turn = ++this.turn;
    let problem: string | null;
    try {
      const state = await read(location.hash);
      if (state === null || turn !== this.turn) return;
      problem = await this.restore(state, turn);
    } catch (error) {
      if (!(error instanceof LinkRefusal)) throw error;
      problem = t("link.refused", { reason: t(error.key, error.values) });
    }
    if (turn === this.turn && problem !== "") message(problem);
  }

  /** All that is on the screen, as far as a link holds it. */
  state(): LinkState {
    const { at, panel, focus, pinned, axis, select } = JSON.parse(this.later.view()) as View;
    const { current, recorded, calls } = JSON.parse(this.later.branches()) as Branches;
    const machine = this.machines.current;
    return {
      machine: machine === "yours" ? { script: this.later.scriptText(), title: this.title() } : machine,
      at,
      ...(current !== 0 && { branch: { fork: recorded, calls } }),
      select,
      panel,
      focus,
      pinned,
      axis,
      marks: [...this.bookmarks.all],
    };
  }

  private title(): string {
    return [...(this.page.story?.title ?? "")]
      .filter((c) => c >= " ")
      .slice(0, 200)
      .join("");
  }

  private async copy(): Promise<void> {
    let fragment: string;
    try {
      fragment = await write(this.state());
    } catch (error) {
      if (!(error instanceof LinkRefusal)) throw error;
      message(t(error.key, error.values));
      return;
    }
    history.replaceState(null, "", fragment);
    try {
      await navigator.clipboard.writeText(location.href);
      say(t("link.copied"));
    } catch {
      this.show(location.href); // refused, or not there: it can be copied by hand
    }
  }

  private show(link: string): void {
    const text = h("input", { id: "link-text", class: "mono", readonly: true, value: link, "aria-label": t("link") });
    const close = h("button", { class: "primary" }, t("close"));
    const form = h(
      "form",
      { method: "dialog" },
      h("h2", { id: "link-title" }, t("link")),
      h("p", {}, t("link.by-hand")),
    );
    form.append(text, h("div", { class: "buttons end" }, close));
    const dialog = h("dialog", { class: "overlay", "aria-labelledby": "link-title" }, form);
    document.body.append(dialog);
    dialog.addEventListener("close", () => dialog.remove());
    dialog.showModal();
    text.focus();
    text.select();
  }

  // ---- restoring -------------------------------------------------------------------------------------------------------

  /** Null, or what could not be restored; "" when something else was asked for meanwhile. */
  private async restore(state: LinkState, turn: number): Promise<string | null> {
    const failed = await this.machine(state.machine);
    if (turn !== this.turn || failed === "") return "";
    if (failed !== null) return t("link.refused", { reason: failed });
    const problems: string[] = [];
    this.page.move(() => {
      const problem = this.branch(state) ?? this.position(state);
      if (problem) problems.push(problem);
    });
    if (state.panel !== undefined) this.layout.showPanel(state.panel);
    if (state.focus !== undefined) this.layout.focus(state.focus);
    if (state.pinned !== undefined) this.later.pin(state.pinned);
    // Selecting brings the thing into view; the link says what is in view. A move, so that its side is open when this ends.
    const { select } = state;
    if (select)
      this.page.move(() => {
        if (!this.later.select(select)) problems.push(t("link.select", { path: select }));
      });
    if (state.axis === null) this.later.setAxis(0, Number.MAX_SAFE_INTEGER);
    else if (state.axis) this.later.setAxis(...state.axis);
    if (state.marks) this.bookmarks.set(state.marks);
    this.page.changed();
    if (typeof state.machine === "object") say(t("link.script"));
    return problems.length > 0 ? t("link.partly", { reason: problems.join(" ") }) : null;
  }

  private async machine(wanted: LinkState["machine"]): Promise<string | null> {
    if (wanted === undefined) return null;
    if (typeof wanted === "object") return this.machines.playScript(wanted.script, wanted.title);
    const name = wanted === "capture" ? FIRST : wanted; // so it was called when there was one
    if (!this.machines.has(name)) return t("link.machine", { machine: name, known: this.machines.names.join(", ") });
    const branched = (JSON.parse(this.later.branches()) as Branches | null)?.list.length !== 1;
    return name === this.machines.current && !branched ? null : this.machines.choose(name);
  }

  private branch({ branch }: LinkState): string | null {
    if (!branch) return null;
    const { fork, calls } = branch;
    this.later.seek(fork, 0, 0);
    if (this.at()[0] !== fork) return t("link.place", { place: placeText([fork, 0, 0]), calls: this.calls() });
    for (const [i, line] of calls.entries()) {
      const made = JSON.parse(this.later.makeCall(line)) as { ok: boolean; reason?: string };
      if (!made.ok) return t("link.call", { line: i + 1, reason: made.reason ?? "" });
    }
    return null;
  }

  private position({ at, after }: LinkState): string | null {
    if (after !== undefined) {
      const call = this.page.lab.after(after);
      if (call < 0) return t("link.after", { function: after });
      this.later.seek(call, 0, 0);
      return null;
    }
    if (!at) return null;
    this.later.seek(...at);
    const reached = this.at();
    const exact = at.every((n, i) => n === reached[i]);
    return exact ? null : t("link.place", { place: placeText(at), calls: this.calls() });
  }

  private at(): Place {
    return (JSON.parse(this.later.view()) as View).at;
  }
  private calls(): number {
    return (JSON.parse(this.page.lab.story()) as { place: { calls: number } }).place.calls;
  }
}
