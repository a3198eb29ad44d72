// log-dialog.ts: paste, choose or drop a log. The text stays in the browser. A log that cannot be played says which line
// and why, in the dialog where it can be mended; dropped on the page, in the story's message area.
import { byId } from "./dom";
import { t } from "./locale";

export type PlayLog = (bytes: Uint8Array, name: string) => Promise<string | null>;

/** `play` answers with a message if the log was refused. */
export function startLogDialog(play: PlayLog, say: (message: string | null) => void): void {
  const dialog = byId<HTMLDialogElement>("log-dialog");
  const text = byId<HTMLTextAreaElement>("log-text");
  const file = byId<HTMLInputElement>("log-file");
  const error = byId("log-error");
  const submit = byId<HTMLButtonElement>("log-play");

  const complain = (message: string | null) => {
    error.hidden = message === null;
    error.textContent = message ?? "";
  };
  const submitBytes = async (bytes: Uint8Array, name: string) => {
    submit.disabled = true;
    complain(null);
    const message = await play(bytes, name);
    submit.disabled = false;
    complain(message);
    if (message === null) dialog.close();
  };

  const open = () => {
    complain(null);
    dialog.showModal();
    text.focus();
  };
  byId("open-log").addEventListener("click", open);
  byId("log-cancel").addEventListener("click", () => dialog.close());
  byId("log-form").addEventListener("submit", (event) => {
    event.preventDefault();
    if (text.value.trim() === "") complain(t("log.empty"));
    else void submitBytes(new TextEncoder().encode(text.value), t("machine.yours"));
  });
  file.addEventListener("change", async () => {
    const chosen = file.files?.[0];
    file.value = ""; // the same file can be chosen again after it was mended
    if (chosen) await submitBytes(new Uint8Array(await chosen.arrayBuffer()), chosen.name);
  });

  // A link to the dialog: lab.html?open=log, lab.html#paste.
  const asked = () => location.hash === "#paste" && !dialog.open;
  addEventListener("hashchange", () => asked() && open());
  if (asked() || new URLSearchParams(location.search).get("open") === "log") open();

  // A file may be dropped anywhere on the page.
  const holdsFile = (event: DragEvent) => event.dataTransfer?.types.includes("Files") ?? false;
  const mark = (on: boolean) => document.documentElement.classList.toggle("dropping", on);
  document.addEventListener("dragover", (event) => {
    if (!holdsFile(event)) return;
    event.preventDefault();
    mark(true);
  });
  document.addEventListener("dragleave", (event) => {
    if (event.relatedTarget === null) mark(false);
  });
  document.addEventListener("drop", async (event) => {
    if (!holdsFile(event)) return;
    event.preventDefault();
    mark(false);
    const dropped = event.dataTransfer?.files[0];
    if (!dropped) return;
    const bytes = new Uint8Array(await dropped.arrayBuffer());
    if (dialog.open) await submitBytes(bytes, dropped.name);
    else say(await play(bytes, dropped.name));
  });
}
