// compare_own.ts: the dialog that takes a log or a script of one's own. It stays in the browser.
import { byId, setText } from "./dom";
import type { OwnMachine } from "./link_state";
import { t } from "./locale";

/** `read` makes a machine of it, or says what is wrong. Null when the dialog is closed without one. */
export function openOwn(read: (bytes: Uint8Array) => Promise<OwnMachine | string>): Promise<OwnMachine | null> {
  const dialog = byId<HTMLDialogElement>("own-dialog");
  const text = byId<HTMLTextAreaElement>("own-text");
  const file = byId<HTMLInputElement>("own-file");
  const form = byId<HTMLFormElement>("own-form");
  const stop = new AbortController();
  const { signal } = stop;
  let made: OwnMachine | null = null;

  const complain = (message: string) => {
    const error = byId("own-error");
    error.hidden = message === "";
    setText(error, message);
  };
  const take = async (bytes: Uint8Array) => {
    const machine = await read(bytes);
    if (typeof machine === "string") return complain(machine);
    made = machine;
    dialog.close();
  };
  form.addEventListener(
    "submit",
    (event) => {
      event.preventDefault();
      if (text.value.trim() === "") complain(t("log.empty"));
      else void take(new TextEncoder().encode(text.value));
    },
    { signal },
  );
  file.addEventListener(
    "change",
    async () => {
      const chosen = file.files?.[0];
      file.value = ""; // the same file can be chosen again after it was mended
      if (chosen) await take(new Uint8Array(await chosen.arrayBuffer()));
    },
    { signal },
  );
  byId("own-cancel").addEventListener("click", () => dialog.close(), { signal });
  complain("");
  dialog.showModal();
  text.focus();
  return new Promise((done) => {
    dialog.addEventListener(
      "close",
      () => {
        stop.abort();
        done(made);
      },
      { signal },
    );
  });
}
