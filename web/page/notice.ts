// notice.ts: something about the visit as a whole that is not about what is on the screen: a language that is not there,
// progress that cannot be kept. It stands above the page until it is put away.
import { h } from "./dom";
import { language, t } from "./locale";

export function notice(text: string, ...more: Node[]): void {
  const close = h("button", { type: "button" }, t("notice.close"));
  const box = h("div", { class: "notice", role: "status" }, h("p", {}, text), ...more, close);
  close.addEventListener("click", () => box.remove());
  const header = document.querySelector("body > header");
  if (header) header.after(box);
  else document.body.prepend(box);
}

/** Says so when the language that was wanted is not there. */
export function noticeLanguage(): void {
  if (language.missing) notice(t("language.missing", { language: language.missing }));
}
