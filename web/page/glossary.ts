// glossary.ts: all terms on one page, each with an anchor of its own, and a box that leaves those in sight that hold what
// is typed.
import { byId, h, setText } from "./dom";
import { t } from "./locale";
import { nodesOf } from "./nodes";
import { run, startSite } from "./site";
import { fetchTerms, kernelLine, labLink, type Term } from "./terms";

function entry(term: Term): HTMLElement {
  return h(
    "div",
    { id: term.id },
    h("dt", {}, h("a", { href: `#${term.id}` }, term.term)),
    h(
      "dd",
      {},
      ...nodesOf(term.text, { values: {} }, (id, children) => h("a", { href: `#${id}` }, ...children)),
      ...kernelLine(term),
      ...labLink(term),
    ),
  );
}

/** What a term is found by, in one line. */
function words(view: HTMLElement, term: Term): string {
  return `${view.textContent} ${term.forms.join(" ")}`.toLowerCase();
}

async function start(): Promise<void> {
  await startSite();
  const shown = (await fetchTerms()).map((term) => {
    const view = entry(term);
    return { view, words: words(view, term) };
  });
  byId("terms").append(h("dl", {}, ...shown.map(({ view }) => view)));
  const filter = byId<HTMLInputElement>("filter");
  const show = () => {
    const asked = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    let n = 0;
    for (const { view, words } of shown) {
      view.hidden = !asked.every((word) => words.includes(word));
      if (!view.hidden) n++;
    }
    setText(byId("found"), t("glossary.found", { n, all: shown.length }));
  };
  filter.addEventListener("input", show);
  show();
  // The terms were not there when the browser looked for the one that the address names.
  const follow = () => {
    const named = document.getElementById(location.hash.slice(1));
    if (!named?.closest("#terms")) return;
    if (named.hidden) {
      filter.value = "";
      show();
    }
    named.scrollIntoView({ block: "start" });
    for (const one of document.querySelectorAll(".terms .named")) one.classList.remove("named");
    named.classList.add("named");
  };
  addEventListener("hashchange", follow);
  follow();
}

run(start);
