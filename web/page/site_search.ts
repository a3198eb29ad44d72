// site_search.ts: the box in the header of the pages around the lab. What is found are links: arrows go through them,
// Escape puts them away.
import { byId, h, setText } from "./dom";
import { language, t } from "./locale";

const WAIT_MS = 120;

export function startSearch(): void {
  const input = h("input", {
    type: "search",
    id: "search-box",
    autocomplete: "off",
    spellcheck: "false",
    placeholder: t("search"),
    "aria-label": t("search.label"),
    "aria-controls": "search-found",
  });
  const note = h("p", { class: "quiet", role: "status" });
  const list = h("ul", {});
  const box = h("div", { class: "found", id: "search-found", hidden: true }, note, list);
  const view = byId("site-search");
  view.append(input, box);

  let timer = 0;
  let turn = 0;
  const show = (open: boolean) => {
    box.hidden = !open;
  };
  const run = async () => {
    const mine = ++turn;
    const typed = input.value;
    try {
      const { search } = await import("./search");
      const found = await search(typed, language);
      if (mine !== turn) return;
      list.replaceChildren(
        ...found.map(({ kind, title, about, href }) =>
          h(
            "li",
            {},
            h(
              "a",
              { href },
              h("strong", {}, title),
              h("span", { class: "kind" }, t(`search.${kind}`)),
              h("span", { class: "about" }, about),
            ),
          ),
        ),
      );
      setText(note, t(found.length > 0 ? "search.found" : "search.nothing", { n: found.length }));
      show(typed.trim() !== "");
    } catch {
      if (mine !== turn) return;
      list.replaceChildren();
      setText(note, t("search.failed"));
      show(true);
    }
  };
  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = window.setTimeout(() => void run(), WAIT_MS);
  });
  view.addEventListener("keydown", (event) => {
    const links = [...list.querySelectorAll("a")];
    const at = links.indexOf(document.activeElement as HTMLAnchorElement);
    if (event.key === "Escape" && !box.hidden) {
      show(false);
      input.focus();
    } else if (event.key === "ArrowDown" && !box.hidden) links[Math.min(at + 1, links.length - 1)]?.focus();
    else if (event.key === "ArrowUp" && at >= 0) (links[at - 1] ?? input).focus();
    else if (event.key === "Enter" && at < 0 && !box.hidden) links[0]?.click();
    else return;
    event.preventDefault();
  });
  view.addEventListener("focusout", (event) => {
    if (!view.contains(event.relatedTarget as Node | null)) show(false);
  });
  input.addEventListener("click", () => show(input.value.trim() !== ""));
}
