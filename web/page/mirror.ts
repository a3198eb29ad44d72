// mirror.ts: a real, focusable DOM control over each thing on the canvas that can be operated or named.
//
// The canvas draws, this makes it reachable: by Tab, by a screen reader, by voice control, by `getByRole` in a test.
// The controls are transparent and let the mouse through to the canvas; a keyboard's focus ring is theirs. Nodes are
// kept and updated by id, so focus survives, and a frame in which nothing changed touches no DOM.
//
//     const overlay = new MirrorOverlay({ click: (id) => ..., focus: (id) => ..., key: (event) => ... });
//     host.append(overlay.element);
//     overlay.update(JSON.parse(bridge.mirror()));

export type MirrorRole = "button" | "checkbox" | "radio" | "tab" | "slider" | "disclosure" | "picture";

export interface MirrorItem {
  id: number;
  group: number;
  role: MirrorRole;
  x: number;
  y: number;
  w: number;
  h: number;
  name: string;
  value?: string;
  description?: string;
  min?: number;
  max?: number;
  now?: number;
  checked?: boolean;
  disabled?: boolean;
  focusable?: boolean;
  /** Wants arrows, Home, End and the Page keys while it has focus. */
  keys?: boolean;
}

export interface MirrorSnapshot {
  groups: { id: string; name: string }[];
  items: MirrorItem[];
}

export interface MirrorActions {
  click(id: number): void;
  /** 0: none of them. */
  focus(id: number): void;
  /** A key for an item that asked for it; true if it was used. */
  key(event: KeyboardEvent): boolean;
  /** The focused control is gone. */
  focusLost(): void;
}

/** The keys that move a value or a view; elsewhere they would scroll the page. */
export const MOVING_KEYS: ReadonlySet<string> = new Set([
  "ArrowLeft",
  "ArrowRight",
  "ArrowUp",
  "ArrowDown",
  "Home",
  "End",
  "PageUp",
  "PageDown",
]);

interface Control {
  item: MirrorItem;
  node: HTMLElement;
}

export class MirrorOverlay {
  readonly element = document.createElement("div");
  private readonly controls = new Map<number, Control>();
  private readonly containers = new Map<string, HTMLElement>();
  private readonly ids = new WeakMap<EventTarget, number>();
  private updating = false;

  constructor(private readonly actions: MirrorActions) {
    this.element.className = "mm-mirror";
    this.element.addEventListener("click", (event) => {
      const item = this.itemOf(event);
      if (item && !item.disabled) this.actions.click(item.id);
    });
    this.element.addEventListener("focusin", (event) => this.actions.focus(this.itemOf(event)?.id ?? 0));
    this.element.addEventListener("focusout", () => {
      if (!this.updating) this.actions.focus(0);
    });
    this.element.addEventListener("keydown", (event) => this.onKey(event));
    this.element.addEventListener("keyup", (event) => this.onKey(event));
  }

  update(snapshot: MirrorSnapshot): void {
    const focused = document.activeElement;
    const hadFocus = focused !== null && this.element.contains(focused);
    this.updating = true;

    const wanted = new Map(snapshot.items.map((item) => [item.id, item]));
    for (const [id, control] of this.controls) {
      if (wanted.get(id)?.role === control.item.role) continue;
      control.node.remove();
      this.controls.delete(id);
    }

    const usedContainers = new Set<string>();
    const ends = new Map<HTMLElement, Element | null>(); // the last node placed in each container
    let tabs = 0;
    let previous: MirrorItem | undefined;
    for (const item of snapshot.items) {
      const group = snapshot.groups[item.group];
      let parent = this.container(group?.id ?? "", "group", group?.name ?? "", this.element, usedContainers, ends);
      if (item.role === "tab") {
        if (previous?.role !== "tab" || previous.group !== item.group) tabs++;
        parent = this.container(`tabs ${tabs}`, "tablist", group?.name ?? "", parent, usedContainers, ends);
      }
      place(this.control(item).node, parent, ends);
      previous = item;
    }
    for (const [key, node] of this.containers) {
      if (usedContainers.has(key)) continue;
      node.remove();
      this.containers.delete(key);
    }

    this.updating = false;
    if (hadFocus && document.activeElement !== focused) {
      // Moved in the document, a node loses focus; removed, it is gone, and the keyboard must not fall back to the top.
      if (this.element.contains(focused)) (focused as HTMLElement).focus({ preventScroll: true });
      else this.actions.focusLost();
    }
  }

  private itemOf(event: Event): MirrorItem | undefined {
    const id = event.target === null ? undefined : this.ids.get(event.target);
    return id === undefined ? undefined : this.controls.get(id)?.item;
  }

  private onKey(event: KeyboardEvent): void {
    const item = this.itemOf(event);
    if (!item || event.ctrlKey || event.metaKey || event.altKey) return;
    // A slider is not a button: Enter chooses what its keys have led to.
    if (!MOVING_KEYS.has(event.key) && !(item.role === "slider" && event.key === "Enter")) return;
    if (item.keys) {
      if (this.actions.key(event)) event.preventDefault();
    } else if (item.role === "tab" && event.type === "keydown") {
      const tabs = [...((event.target as HTMLElement).parentElement?.children ?? [])] as HTMLElement[];
      const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
      const next = tabs[tabs.indexOf(event.target as HTMLElement) + step];
      if (step === 0 || !next) return;
      event.preventDefault();
      next.focus({ preventScroll: true });
      next.click();
    }
  }

  private container(
    key: string,
    role: string,
    name: string,
    parent: HTMLElement,
    used: Set<string>,
    ends: Map<HTMLElement, Element | null>,
  ): HTMLElement {
    let node = this.containers.get(key);
    if (!node) {
      node = document.createElement("div");
      node.setAttribute("role", role);
      this.containers.set(key, node);
    }
    if (!used.has(key)) {
      used.add(key);
      setAttribute(node, "aria-label", name || null);
      place(node, parent, ends);
    }
    return node;
  }

  private control(item: MirrorItem): Control {
    const known = this.controls.get(item.id);
    if (known) {
      describe(known.node, item);
      known.item = item;
      return known;
    }
    const isButton = item.role !== "slider" && item.role !== "picture";
    const node = document.createElement(isButton ? "button" : "div");
    if (node instanceof HTMLButtonElement) node.type = "button";
    if (item.role === "picture") node.setAttribute("role", "img");
    else if (item.role !== "button" && item.role !== "disclosure") node.setAttribute("role", item.role);
    describe(node, item);
    const control = { item, node };
    this.controls.set(item.id, control);
    this.ids.set(node, item.id);
    return control;
  }
}

/** Puts a node behind the last one placed in its parent; one that already stands there is not moved. */
function place(node: Element, parent: HTMLElement, ends: Map<HTMLElement, Element | null>): void {
  const last = ends.get(parent) ?? null;
  const there = last === null ? parent.firstElementChild : last.nextElementSibling;
  if (there !== node) parent.insertBefore(node, there);
  ends.set(parent, node);
}

function describe(node: HTMLElement, item: MirrorItem): void {
  const yesNo = (value: boolean | undefined) => (value ? "true" : "false");
  const isSlider = item.role === "slider";
  const notes = [isSlider ? undefined : item.value, item.description].filter(Boolean).join(", ");
  setAttribute(node, "aria-label", item.name);
  setAttribute(node, "aria-description", notes || null);
  setAttribute(node, "aria-disabled", item.disabled ? "true" : null);
  if (item.role === "checkbox" || item.role === "radio") setAttribute(node, "aria-checked", yesNo(item.checked));
  if (item.role === "tab") setAttribute(node, "aria-selected", yesNo(item.checked));
  if (item.role === "disclosure") setAttribute(node, "aria-expanded", yesNo(item.checked));
  if (isSlider) {
    setAttribute(node, "aria-valuemin", String(item.min));
    setAttribute(node, "aria-valuemax", String(item.max));
    setAttribute(node, "aria-valuenow", String(item.now));
    setAttribute(node, "aria-valuetext", item.value ?? null);
  }
  // A row of tabs is one stop for the Tab key, arrows go from one to the next.
  if (item.focusable) setAttribute(node, "tabindex", item.role === "tab" && !item.checked ? "-1" : "0");
  node.style.left = `${item.x}px`;
  node.style.top = `${item.y}px`;
  node.style.width = `${item.w}px`;
  node.style.height = `${item.h}px`;
}

function setAttribute(node: Element, name: string, value: string | null): void {
  if (value === null) node.removeAttribute(name);
  else if (node.getAttribute(name) !== value) node.setAttribute(name, value);
}
