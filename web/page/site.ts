// site.ts: what the pages around the lab share: words, theme.
import shared from "words:shared";
import site from "words:site";
import { startWords, t } from "./locale";
import { notice, noticeLanguage } from "./notice";
import { startSearch } from "./site_search";
import { startTheme } from "./theme";

export async function startSite(): Promise<void> {
  await startWords(shared, site);
  startTheme();
  startSearch();
  noticeLanguage();
}

/** Starts a page of the site; what goes wrong is said above it. */
export function run(start: () => Promise<void>): void {
  start().catch((error: unknown) => {
    notice(t("failed", { reason: String(error instanceof Error ? error.message : error) }));
  });
}
