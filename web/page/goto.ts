// goto.ts: the panel behind the transport's last button: jump to a call, to a phase, to a bookmark.
import type { Bookmarks } from "./bookmarks";
import { byId, h } from "./dom";
import { type Mark, type Place, placeOf } from "./link_state";
import { t } from "./locale";
import type { Page } from "./page";
import { say } from "./say";
import type { Strides } from "./strides";

const phone = matchMedia("(max-width: 820px)");

/** As the page writes it: "call 41", "call 41, event 7". */
export function placeText([call, event]: Place): string {
  return event > 0 ? t("place.event", { call: call + 1, event }) : t("place", { call });
}

export class GoTo {
  private readonly open = byId<HTMLButtonElement>("go-to");
  private readonly panel = byId("go-to-panel");
  private readonly jump = h("input", { id: "jump", inputmode: "decimal", autocomplete: "off", maxlength: 16 });
  private readonly wrong = h("p", { class: "message", id: "jump-error", role: "alert", hidden: true });
  private readonly phases = h("ul", { class: "places" });
  private readonly marks = h("ul", { class: "places" });
  private readonly none = h("p", { class: "quiet" }, t("bookmarks.none"));
  private readonly note = h("input", { id: "bookmark-note", autocomplete: "off", maxlength: 200 });
  private shownPhases = "";

  constructor(
    private readonly page: Page,
    private readonly later: MmscopeLater,
    private readonly bookmarks: Bookmarks,
    strides: Strides,
  ) {
    const jumpForm = h("form", { class: "line" }, h("label", { for: "jump" }, t("jump")), this.jump, submit("jump.go"));
    jumpForm.addEventListener("submit", (event) => {
      event.preventDefault();
      this.jumpTo(this.jump.value);
    });
    const markForm = h(
      "form",
      { class: "line" },
      h("label", { for: "bookmark-note" }, t("bookmarks.note")),
      this.note,
      submit("bookmarks.add"),
    );
    markForm.addEventListener("submit", (event) => {
      event.preventDefault();
      this.add(this.note.value.trim());
      this.note.value = "";
    });
    const title = (key: string) => h("h3", {}, t(key));
    this.panel.append(jumpForm, this.wrong, title("phases"), this.phases, title("bookmarks"), this.marks, this.none);
    this.panel.append(markForm);
    this.open.hidden = false;
    this.open.addEventListener("click", () => this.show(this.panel.hidden !== false));
    this.panel.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      this.show(false);
    });
    document.addEventListener("pointerdown", (event) => {
      if (this.panel.hidden || !(event.target instanceof Node)) return;
      if (!this.panel.contains(event.target) && !this.open.contains(event.target)) this.show(false, false);
    });
    // Whoever steps by events has the strides at hand; else they lie with what is needed less often.
    const level = byId<HTMLSelectElement>("level");
    const place = () => {
      if (phone.matches || !["event", "block"].includes(level.value)) this.panel.prepend(strides.row);
      else this.panel.parentElement?.append(strides.row);
    };
    phone.addEventListener("change", place);
    level.addEventListener("change", place);
    place();
    bookmarks.onChange(() => this.list());
    page.onStory((story) => {
      const now = JSON.stringify(story.phases);
      if (now === this.shownPhases) return;
      this.shownPhases = now;
      this.phases.replaceChildren(
        ...story.phases.map(({ name, first, end }) =>
          h("li", {}, this.way(name, t("phase.calls", { first: first + 1, last: end }), [first, 0, 0])),
        ),
      );
    });
  }

  focusJump(): void {
    this.show(true);
    this.jump.select();
  }

  /** A bookmark at the playhead. */
  add(note: string): void {
    const { call, event, part } = this.page.story?.place ?? { call: 0, event: 0, part: 0 };
    const place = placeText([call, event, part]);
    say(t(this.bookmarks.add(note) ? "bookmarks.added" : "bookmarks.full", { place }));
  }

  private show(open: boolean, back = true): void {
    this.panel.hidden = !open;
    this.open.setAttribute("aria-expanded", String(open));
    this.complain(null);
    if (open) this.jump.focus();
    else if (back) this.open.focus();
  }

  private complain(text: string | null): void {
    this.wrong.hidden = text === null;
    this.wrong.textContent = text ?? "";
    if (text) this.jump.setAttribute("aria-invalid", "true");
    else this.jump.removeAttribute("aria-invalid");
  }

  private jumpTo(typed: string): void {
    const calls = this.page.story?.place.calls ?? 0;
    const found = /^\s*(\d{1,7})(?:\s*[.,]\s*(\d{1,7}))?\s*$/.exec(typed);
    const place = found && placeOf(Number(found[1]), Number(found[2] ?? 0));
    const beyond = place && (place[0] > calls || (place[1] > 0 && place[0] >= calls));
    this.complain(!place ? t("jump.form", { calls }) : beyond ? t("jump.calls", { calls }) : null);
    if (place && !beyond) this.go(place);
  }

  private go(at: Place): void {
    this.page.move(() => this.later.seek(...at));
  }

  private way(name: string, about: string, at: Place): HTMLElement {
    const button = h("button", { type: "button" }, h("span", {}, name), h("span", { class: "quiet mono" }, about));
    button.addEventListener("click", () => this.go(at));
    return button;
  }

  private list(): void {
    this.none.hidden = this.bookmarks.all.length > 0;
    this.marks.replaceChildren(
      ...this.bookmarks.all.map((mark) => {
        const place = placeText(mark.at);
        const name = mark.note || place;
        const remove = h("button", { type: "button", "aria-label": t("bookmarks.remove", { name }) }, "✕");
        remove.addEventListener("click", () => this.removed(mark));
        return h("li", {}, this.way(mark.note || t("bookmarks.plain"), place, mark.at), remove);
      }),
    );
  }

  private removed(mark: Mark): void {
    this.bookmarks.remove(mark);
    this.note.focus(); // what had the focus is gone
    say(t("bookmarks.removed", { place: placeText(mark.at) }));
  }
}

function submit(word: string): HTMLElement {
  return h("button", { type: "submit" }, t(word));
}
