// progress_notice.ts: says what is wrong with the place where progress is kept, and offers it as a file.
import { h } from "./dom";
import { t } from "./locale";
import { notice } from "./notice";
import { exportAll, type Trouble } from "./progress";

let said: Trouble | null = null;

/** Once for each trouble. */
export function noticeTrouble(trouble: Trouble | null): void {
  if (trouble === null || trouble === said) return;
  said = trouble;
  const button = h("button", { type: "button" }, t("kept.export"));
  button.addEventListener("click", exportFile);
  notice(t(`progress.trouble.${trouble}`), button);
}

export function exportFile(): void {
  const url = URL.createObjectURL(new Blob([exportAll()], { type: "application/json" }));
  const link = h("a", { href: url, download: "mmscope-progress.json" });
  link.click();
  URL.revokeObjectURL(url);
}
