// alloc_fields.ts: labelled fields of the side "Allocate".
import { h } from "./dom";

export function field(id: string, label: string, input: HTMLElement): HTMLElement {
  return h("div", { class: "alloc-field" }, h("label", { for: id }, label), input);
}

/** What there is to choose from; the choice stays if it is still there. */
export function fill<T extends string | number>(
  select: HTMLSelectElement,
  values: readonly T[],
  text: (value: T) => string,
): void {
  const was = select.value;
  select.replaceChildren(...values.map((value) => h("option", { value: String(value) }, text(value))));
  if (values.some((value) => String(value) === was)) select.value = was;
}
