// owners.ts: the accounting becomes a filter. Each line of the sum is a button: what is pressed is drawn at full strength,
// the rest dimmed; a second one leads to the largest range that is held under the name. story.ts writes the lines, this
// puts the buttons in.
import { byId, h, setText } from "./dom";
import { has, t } from "./locale";
import type { Page } from "./page";
import type { Story } from "./state";

/** Parts that the picture draws. */
const DRAWN = ["owner", "free_memblock", "free_buddy"];

export function startOwners(page: Page, later: MmscopeLater, inspected: () => void): void {
  const list = byId("owners");
  const all = h("button", { type: "button", class: "show-all", hidden: true }, t("owner.show-all"));
  byId("owners-part").prepend(all);
  const pressed = () => (JSON.parse(later.filter()) as { part: string; label: string }[]).map((c) => c.part + c.label);

  const mark = () => {
    const on = pressed();
    all.hidden = on.length === 0;
    for (const button of list.querySelectorAll<HTMLElement>("[aria-pressed]"))
      button.setAttribute("aria-pressed", String(on.includes(button.dataset.key ?? "")));
  };
  all.addEventListener("click", () => {
    later.showAll();
    mark();
    page.changed();
    list.querySelector<HTMLElement>("button")?.focus();
  });

  // The lines are written anew at every move: the keyboard finds back to the one where it was.
  let at = "";
  document.addEventListener("focusin", ({ target }) => {
    const button = (target as Element).closest<HTMLElement>("#owners [data-key]");
    at = button?.dataset.key ?? "";
  });

  const why = h("p", { class: "owners-why" });
  list.before(why);

  page.onStory((story) => {
    setText(why, meaning(story));
    for (const row of list.querySelectorAll<HTMLElement>("[data-part]")) {
      const part = row.dataset.part ?? "";
      const name = row.querySelector("dt");
      if (!name || !DRAWN.includes(part)) continue;
      const label = part === "owner" ? (name.textContent ?? "") : "";
      const key = part + label;
      const filter = h("button", { type: "button", class: "owner", "aria-pressed": "false", "data-key": key });
      filter.title = t("owner.filter");
      filter.append(...name.childNodes);
      filter.addEventListener("click", () => {
        later.toggleFilter(part, label);
        mark();
        page.changed();
      });
      name.append(filter);
      if (part !== "owner") continue;
      const go = h(
        "button",
        { type: "button", class: "inspect", "aria-label": t("owner.inspect", { owner: label }) },
        "›",
      );
      go.addEventListener("click", () => {
        if (!later.selectOwner(label)) return;
        page.changed();
        inspected();
      });
      row.append(h("dd", {}, go));
    }
    mark();
    if (at && document.activeElement === document.body)
      list.querySelector<HTMLElement>(`[data-key="${CSS.escape(at)}"]`)?.focus({ preventScroll: true });
  });
}

/** Who holds most of what is reserved and why it is there, and what becomes of what is free. */
function meaning({ accounting, handed }: Story): string {
  const most = accounting.parts.find((part) => part.part === "owner");
  const label = most?.label ?? "";
  const reason = has(`why.${label}`) ? ` ${t(`why.${label}`)}` : "";
  const held = most ? `${t("owner.most", { owner: label })}${reason} ` : "";
  return held + t(handed ? "owner.free-then" : "owner.free-now");
}
